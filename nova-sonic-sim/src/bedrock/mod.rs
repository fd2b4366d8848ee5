//! Bedrock and its runtime: which operations there are, and who may do what with which model.

mod decoy;
mod models;
mod opening;
mod route;

pub(crate) use decoy::{DecoyAnswer, answer_decoy, authorize_bearer};
pub(crate) use opening::{admit, admit_relay, authorize_model, check_quota};
pub(crate) use route::{Operation, Target, route};
