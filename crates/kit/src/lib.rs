//! Small tools that every layer uses and that know nothing of the product.
//!
//! Nothing here reads the environment, opens a socket or logs on its own,
//! save [`task`], which reports a task that panicked.

pub mod arguments;
pub mod backoff;
pub mod clock;
pub mod cron;
pub mod duration;
pub mod json;
pub mod quantity;
pub mod slots;
pub mod suggest;
pub mod task;
