//! The models that can be opened, as data.

/// Whether a model can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelStatus {
    Active,
    EndOfLife,
    Unknown,
}

/// Foundation models that speak both ways. v1 was switched off on 14 September 2026.
const MODELS: &[(&str, ModelStatus)] = &[
    ("amazon.nova-2-sonic-v1:0", ModelStatus::Active),
    ("amazon.nova-2-5-sonic", ModelStatus::Active),
    ("amazon.nova-sonic-v1:0", ModelStatus::EndOfLife),
];

pub(crate) fn model_status(model_id: &str) -> ModelStatus {
    MODELS.iter().find(|(id, _)| *id == model_id).map_or(ModelStatus::Unknown, |(_, status)| *status)
}
