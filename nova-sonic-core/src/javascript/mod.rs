//! Settings and events as JavaScript has them, for the packages that run there: JSON in, JSON out.
//!
//! What every binding for JavaScript would otherwise do for itself. Settings come from programs and are doubted; events
//! carry what was said, and are for the application alone.

mod fault;
mod settings;
mod told;

pub use fault::Fault;
pub use settings::{Settings, microphone, read_settings};
pub use told::{error, event, fault, history, usage};
