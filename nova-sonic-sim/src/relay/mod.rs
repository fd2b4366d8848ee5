//! The relay: `nova-sonic.relay.v1` in front of the same model, so that a browser's fallback can be tried.
//!
//! What an application's own server would do with its credentials is done here by the simulator itself: the guard
//! and the frames are the library's, behind them is the model instead of a stream to Bedrock.

mod driver;
mod ending;
mod fault;

pub(crate) use driver::{RelayStream, talk};
pub(crate) use ending::{Ending, close};
pub use fault::RelayFault;
