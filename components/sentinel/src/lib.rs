//! HTTP middleware sentinel: flow rules and circuit breakers.
