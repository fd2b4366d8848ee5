//! Bedrock Runtime: which operations there are, and who may open a stream to which model.

mod models;
mod opening;
mod route;

pub(crate) use models::{ModelStatus, model_status};
pub(crate) use opening::{admit, authorize_model};
pub(crate) use route::{Operation, Target, route};
