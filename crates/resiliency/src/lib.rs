//! Timeouts, retries and circuit breakers, by target.
