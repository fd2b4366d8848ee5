//! How one conversation behaves.

use std::{sync::Arc, time::Duration};

use super::scenario::Scenario;

/// How one conversation behaves.
///
/// ```
/// use nova_sonic_sim::model::ConversationConfig;
/// let mut config = ConversationConfig::default();
/// config.limits.idle = std::time::Duration::from_secs(2);
/// assert_eq!((config.scenario.name.as_str(), config.answer_speed), ("parrot", 4));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConversationConfig {
    /// What the model says and what goes wrong; a parrot by default.
    pub scenario: Arc<Scenario>,
    /// Limits; the scenario's own come before these.
    pub limits: Limits,
    /// The model that the client asked for, as an id or an ARN. Any but [`MODELS`] is refused.
    pub model_id: String,
    /// Fixes every id of the conversation.
    pub seed: [u8; 32],
    /// How many times faster than real time an answer is sent; 0 counts as 1.
    pub answer_speed: u32,
}

impl Default for ConversationConfig {
    fn default() -> Self {
        Self {
            scenario: Arc::new(Scenario::parrot()),
            limits: Limits::default(),
            model_id: "amazon.nova-2-sonic-v1:0".to_owned(),
            seed: [0; 32],
            answer_speed: 4,
        }
    }
}

/// Limits of the service, to be shortened in a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Longest time without audio or interactive text; 55 s.
    pub idle: Duration,
    /// Life of a stream; 8 minutes.
    pub life: Duration,
    /// Most bytes of one history message; 50 KB.
    pub history_message_bytes: usize,
    /// Most bytes of the whole history; 200 KB.
    pub history_total_bytes: usize,
    /// Most bytes of one event's JSON; 1,000,000.
    pub event_bytes: usize,
}

/// Sources: Nova 2 user guide, `doc-history` (history since 22 June 2026) and the service model of
/// `bedrock-runtime` (`PartBody`, connection life); the idle limit is the number in the service's own error text.
impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(55),
            life: Duration::from_secs(8 * 60),
            history_message_bytes: 50 * 1024,
            history_total_bytes: 200 * 1024,
            event_bytes: 1_000_000,
        }
    }
}

/// The models that this service pretends to be.
pub const MODELS: &[&str] = &["amazon.nova-2-sonic-v1:0", "amazon.nova-2-5-sonic"];

/// The voices of Nova 2. Source: Nova 2 user guide, `sonic-language-support`.
pub const VOICES: &[&str] = &[
    "tiffany", "matthew", "amy", "olivia", "kiara", "arjun", "ambre", "florian", "beatrice", "lorenzo",
    "tina", "lennart", "lupe", "carlos", "carolina", "leo",
];

/// Whether `model_id`, an id or the ARN of a foundation model, names one of [`MODELS`].
pub(super) fn is_known_model(model_id: &str) -> bool {
    let id = match model_id.strip_prefix("arn:") {
        Some(arn) => arn.rsplit_once("foundation-model/").map_or("", |(_, id)| id),
        None => model_id,
    };
    MODELS.contains(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_its_id_and_by_its_arn() {
        assert_eq!(VOICES.len(), 16);
        assert!(is_known_model("amazon.nova-2-5-sonic"));
        assert!(is_known_model("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0"));
        for stranger in ["amazon.nova-sonic-v1:0", "", "arn:aws:bedrock", "amazon.nova-2-sonic-v1:01"] {
            assert!(!is_known_model(stranger), "{stranger}");
        }
    }
}
