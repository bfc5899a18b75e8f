//! Spans from start to end, without exporters.
