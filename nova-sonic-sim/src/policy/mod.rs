//! A small IAM: policies as typed data and the decision they lead to.
//!
//! It knows what the policies of this project need and fails closed on the rest: a condition that it cannot
//! judge never allows and always denies. Sources: the IAM user guide's pages on policy grammar, condition
//! operators and policy evaluation logic.

mod condition;
mod document;
mod evaluate;
mod parse;
mod pattern;
mod trust;

pub use document::PolicyDocument;
pub use evaluate::{Decision, Request};
pub use parse::PolicyError;
pub use trust::TrustPolicy;
pub(crate) use trust::{Trust, TrustedCaller};

#[cfg(test)]
mod tests;
