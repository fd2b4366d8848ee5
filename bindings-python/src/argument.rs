//! Arguments: read from Python, checked by the core, and named in what is raised when they are wrong.

use std::marker::PhantomData;

use pyo3::{Borrowed, exceptions::PyTypeError, inspect::PyStaticExpr, prelude::*};

mod value;

/// A value that a caller gives by keyword or by place.
///
/// A value of a type that is never right is a `TypeError`, a wrong value of the right type a `ConfigurationError`.
pub(crate) trait Argument: Sized {
    /// Its type as a stub says it.
    const HINT: PyStaticExpr;

    /// Reads it from what was given for the argument called `name`.
    fn read(name: &str, value: Borrowed<'_, '_, PyAny>) -> PyResult<Self>;
}

/// What an argument is called.
pub(crate) trait Name {
    const NAME: &'static str;
}

/// An argument together with its name, which Python's own conversion does not know.
pub(crate) struct Given<N, T> {
    pub(crate) value: T,
    name: PhantomData<N>,
}

impl<N, T> Given<N, T> {
    /// The value that stands for an argument that was not given.
    pub(crate) const fn of(value: T) -> Self {
        Self { value, name: PhantomData }
    }
}

/// The value of an argument, if it was given.
pub(crate) fn given<N, T>(argument: Option<Given<N, T>>) -> Option<T> {
    argument.map(|argument| argument.value)
}

impl<N: Name, T: Argument> FromPyObject<'_, '_> for Given<N, T> {
    type Error = PyErr;

    const INPUT_TYPE: PyStaticExpr = T::HINT;

    fn extract(value: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        T::read(N::NAME, value).map(Self::of)
    }
}

/// Declares names of arguments: a type for each, as generic parameters take no text.
macro_rules! names {
    ($($kind:ident = $text:literal,)*) => {
        pub(crate) mod name {
            $(pub(crate) struct $kind;
            impl super::Name for $kind {
                const NAME: &'static str = $text;
            })*
        }
    };
}

names! {
    Account = "account",
    AnswerTimeout = "answer_timeout",
    AwsAccessKeyId = "aws_access_key_id",
    AwsSecretAccessKey = "aws_secret_access_key",
    AwsSessionToken = "aws_session_token",
    BedrockEndpointUrl = "bedrock_endpoint_url",
    CaBundle = "ca_bundle",
    ClientTools = "client_tools",
    ConnectTimeout = "connect_timeout",
    DocumentedActionOnly = "documented_action_only",
    EndpointUrl = "endpoint_url",
    Endpointing = "endpointing",
    Expiration = "expiration",
    ExternalId = "external_id",
    FederationToken = "federation_token",
    History = "history",
    Id = "id",
    IdleTimeout = "idle_timeout",
    InferenceProfile = "inference_profile",
    InputSampleRate = "input_sample_rate",
    Limits = "limits",
    MaxAttempts = "max_attempts",
    MaxDuration = "max_duration",
    Renewal = "renewal",
    RenewAfter = "renew_after",
    MaxTokens = "max_tokens",
    Members = "members",
    Microphone = "microphone",
    Mode = "mode",
    ModelId = "model_id",
    ModelIds = "model_ids",
    Now = "now",
    OpenTimeout = "open_timeout",
    OpenWindow = "open_window",
    OutputSampleRate = "output_sample_rate",
    Partition = "partition",
    PerDay = "per_day",
    PerMinute = "per_minute",
    PerSubject = "per_subject",
    Playback = "playback",
    ProfileName = "profile_name",
    PromptPrefix = "prompt_prefix",
    ReadTimeout = "read_timeout",
    RedisUrl = "redis_url",
    Region = "region",
    RegionName = "region_name",
    RoleArn = "role_arn",
    Scope = "scope",
    SessionNameKey = "session_name_key",
    SharedConnection = "shared_connection",
    SilenceTimeout = "silence_timeout",
    SourceCidrs = "source_cidrs",
    SourceIdentity = "source_identity",
    SpeakFirst = "speak_first",
    SpeechPrompt = "speech_prompt",
    Subject = "subject",
    SystemPrompt = "system_prompt",
    Tags = "tags",
    Temperature = "temperature",
    Timeout = "timeout",
    ToolChoice = "tool_choice",
    ToolTimeout = "tool_timeout",
    Tools = "tools",
    TopP = "top_p",
    Total = "total",
    Transcript = "transcript",
    VoiceId = "voice_id",
    VoiceIds = "voice_ids",
}

/// Raised for a value of a type that is never right.
pub(crate) fn wrong_type(name: &str, wanted: &str, value: Borrowed<'_, '_, PyAny>) -> PyErr {
    let given = value.get_type().name().map_or_else(|_| "something else".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("{name} must be {wanted}, not {given}"))
}
