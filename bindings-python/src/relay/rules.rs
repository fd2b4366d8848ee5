//! `RelayRules`: what a server decides about one conversation over its relay.

use std::time::Duration;

use nova_sonic_core::{
    event::ToolSpec,
    relay::{GuardedTool, PromptRule, RelayRules, ToolRule, VoiceRule},
};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::{
    argument::{Given, given, name},
    error,
};

/// What the server decides about one conversation, whatever the client sends.
///
/// >>> from nova_sonic.relay import RelayRules
/// >>> RelayRules(system_prompt="You tell stories to children.", voice_id="amy", client_tools=False)
/// <RelayRules locks=['systemPrompt', 'voice', 'tools']>
///
/// ``system_prompt`` is the one that the model gets, and what the client sends as prompt is dropped; ``prompt_prefix`` goes
/// before the client's own. ``voice_id`` is the voice that speaks, and ``voice_ids`` are those among which the client may
/// choose. With ``client_tools=False`` the model gets the server's tools and no others. ``max_tokens`` bounds one answer.
///
/// ``max_duration`` bounds the conversation, in seconds; ``idle_timeout`` (300) ends one in which nobody says anything,
/// and ``silence_timeout`` (60) one whose client sends nothing at all. ``tool_timeout`` (120) bounds a tool of the
/// server's own. Without ``transcript`` the record does not keep what was said.
#[pyclass(frozen, module = "nova_sonic.relay", name = "RelayRules")]
pub(crate) struct PyRelayRules {
    rules: RelayRules,
    client_tools: bool,
}

impl PyRelayRules {
    /// The rules of a conversation with these tools of the server's own.
    pub(super) fn with_tools(rules: Option<&Self>, tools: Vec<ToolSpec>) -> RelayRules {
        // The handler names the model that its client speaks with.
        let (mut of_it, client_tools) = rules
            .map_or_else(|| (RelayRules::new(""), true), |rules| (rules.rules.clone(), rules.client_tools));
        let tools: Vec<GuardedTool> = tools.into_iter().map(GuardedTool::on_server).collect();
        of_it.guard.tools = match (client_tools, tools.is_empty()) {
            (false, _) => ToolRule::Locked(tools),
            (true, true) => ToolRule::Free,
            (true, false) => ToolRule::Merged(tools),
        };
        of_it
    }
}

#[pymethods]
impl PyRelayRules {
    #[new]
    #[pyo3(signature = (*, system_prompt = None, prompt_prefix = None, voice_id = None, voice_ids = None,
        client_tools = Given::of(true), max_tokens = None, max_duration = None, idle_timeout = None,
        silence_timeout = None, tool_timeout = None, transcript = Given::of(true)))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python, each with a name at the call")]
    fn new(
        py: Python<'_>,
        system_prompt: Option<Given<name::SystemPrompt, String>>,
        prompt_prefix: Option<Given<name::PromptPrefix, String>>,
        voice_id: Option<Given<name::VoiceId, String>>,
        voice_ids: Option<Given<name::VoiceIds, Vec<String>>>,
        client_tools: Given<name::ClientTools, bool>,
        max_tokens: Option<Given<name::MaxTokens, u32>>,
        max_duration: Option<Given<name::MaxDuration, Duration>>,
        idle_timeout: Option<Given<name::IdleTimeout, Duration>>,
        silence_timeout: Option<Given<name::SilenceTimeout, Duration>>,
        tool_timeout: Option<Given<name::ToolTimeout, Duration>>,
        transcript: Given<name::Transcript, bool>,
    ) -> PyResult<Self> {
        let mut rules = RelayRules::new("");
        rules.guard.system_prompt = match (given(system_prompt), given(prompt_prefix)) {
            (None, None) => PromptRule::Free,
            (Some(prompt), None) => PromptRule::Locked(prompt),
            (None, Some(prefix)) => PromptRule::Prefixed(prefix),
            (Some(_), Some(_)) => {
                return Err(error::configuration(py, "prompt_prefix", "has no client's prompt to go before"));
            }
        };
        rules.guard.voice = match (given(voice_id), given(voice_ids)) {
            (None, None) => VoiceRule::Free,
            (Some(voice), None) => VoiceRule::Locked(voice),
            (None, Some(voices)) => VoiceRule::OneOf(voices),
            (Some(_), Some(_)) => {
                return Err(error::configuration(py, "voice_ids", "leaves no choice beside voice_id"));
            }
        };
        rules.guard.limits.answer_tokens = given(max_tokens);
        rules.guard.limits.life = given(max_duration);
        rules.limits.idle = given(idle_timeout).or(rules.limits.idle);
        rules.limits.silence = given(silence_timeout).unwrap_or(rules.limits.silence);
        rules.limits.tool = given(tool_timeout).unwrap_or(rules.limits.tool);
        rules.keeps_transcript = transcript.value;
        Ok(Self { rules, client_tools: client_tools.value })
    }

    /// What the client cannot change, as it is told: of ``systemPrompt``, ``voice`` and ``tools``.
    #[getter]
    fn locks(&self) -> Vec<&'static str> {
        let guard = &self.rules.guard;
        let locks = [
            ("systemPrompt", matches!(guard.system_prompt, PromptRule::Locked(_))),
            ("voice", matches!(guard.voice, VoiceRule::Locked(_))),
            ("tools", !self.client_tools),
        ];
        locks.into_iter().filter(|(_, locked)| *locked).map(|(name, _)| name).collect()
    }

    /// Shows nothing of a prompt.
    fn __repr__(&self) -> String {
        let locks: Vec<String> = self.locks().iter().map(|name| format!("'{name}'")).collect();
        format!("<RelayRules locks=[{}]>", locks.join(", "))
    }
}

/// The fields of a status.
pub(super) fn fields(py: Python<'_>, json: &str) -> PyResult<Map<String, Value>> {
    serde_json::from_str(json).map_err(|_| error::configuration(py, "status", "is no JSON object"))
}
