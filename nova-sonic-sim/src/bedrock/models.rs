//! The models that there are, as data.

/// A foundation model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) id: &'static str,
    pub(crate) provider: &'static str,
    pub(crate) kind: ModelKind,
    pub(crate) status: ModelStatus,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelKind {
    /// Speaks both ways, over a stream and nothing else.
    Speech,
    /// Takes and gives text, whole or in a stream.
    Text,
    /// Gives numbers for text.
    Embedding,
}

/// Whether a model can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelStatus {
    Active,
    EndOfLife,
}

/// Amazon Nova Sonic v1 was switched off on 14 September 2026. The others are here so that "another model" exists.
const MODELS: [Model; 10] = [
    model("amazon.nova-2-sonic-v1:0", "Amazon", ModelKind::Speech),
    model("amazon.nova-2-5-sonic", "Amazon", ModelKind::Speech),
    Model { status: ModelStatus::EndOfLife, ..model("amazon.nova-sonic-v1:0", "Amazon", ModelKind::Speech) },
    model("amazon.nova-2-lite-v1:0", "Amazon", ModelKind::Text),
    model("amazon.nova-micro-v1:0", "Amazon", ModelKind::Text),
    model("amazon.nova-lite-v1:0", "Amazon", ModelKind::Text),
    model("amazon.nova-pro-v1:0", "Amazon", ModelKind::Text),
    model("amazon.titan-embed-text-v2:0", "Amazon", ModelKind::Embedding),
    model("anthropic.claude-3-haiku-20240307-v1:0", "Anthropic", ModelKind::Text),
    model("meta.llama3-8b-instruct-v1:0", "Meta", ModelKind::Text),
];

const fn model(id: &'static str, provider: &'static str, kind: ModelKind) -> Model {
    Model { id, provider, kind, status: ModelStatus::Active }
}

/// Every model, for lists.
pub(crate) const fn models() -> &'static [Model] {
    &MODELS
}

/// The model of this id.
pub(crate) fn model_of(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}
