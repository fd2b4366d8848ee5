//! The error catalogue: every code of the library, whose fault it is, and what to do about it.
//!
//! Each module has a small error enum of its own; what they share is [`ErrorCode`], which is born here and copied
//! by every binding.

mod code;
mod service;
mod socket;

pub use code::{Blame, ErrorCode};
pub use service::{ServiceError, ServiceException};
