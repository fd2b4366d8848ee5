//! Stable codes: one table, from which every language and the troubleshooting page are made.

use std::fmt;

/// Who can do something about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The program that called this library, or its configuration.
    Caller,
    /// The model: what it said or what it refused to say.
    Model,
    /// AWS.
    Service,
    /// Whatever lies between.
    Network,
}

impl Blame {
    /// The word used in every language: `caller`, `model`, `service`, `network`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Model => "model",
            Self::Service => "service",
            Self::Network => "network",
        }
    }
}

macro_rules! catalogue {
    ($(#[doc = $meaning:literal] $variant:ident, $code:literal, $blame:ident, retryable: $retryable:literal, $advice:literal;)*) => {
        /// A stable error code, the same text in every language.
        ///
        /// ```
        /// use nova_sonic_core::error::{Blame, ErrorCode};
        /// assert_eq!(ErrorCode::Throttled.as_str(), "throttled");
        /// assert_eq!(ErrorCode::Throttled.blame(), Blame::Service);
        /// assert!(ErrorCode::Throttled.retryable());
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $variant,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code of this text; `None` for one that this version does not know.
            ///
            /// ```
            /// use nova_sonic_core::error::ErrorCode;
            /// assert_eq!(ErrorCode::parse("throttled"), Some(ErrorCode::Throttled));
            /// assert_eq!(ErrorCode::parse("a later version's"), None);
            /// ```
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|code| code.as_str() == text).copied()
            }

            /// The stable text of the code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it means, one sentence.
            ///
            /// ```
            /// use nova_sonic_core::error::ErrorCode;
            /// assert_eq!(ErrorCode::Throttled.meaning(), "Too many requests or connections.");
            /// ```
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning.trim_ascii(),)* }
            }

            /// Who can do something about it.
            pub const fn blame(self) -> Blame {
                match self { $(Self::$variant => Blame::$blame,)* }
            }

            /// Whether the same attempt, made again a little later, may succeed.
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => $retryable,)* }
            }

            /// What to do about it, one sentence for the person who reads it.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

catalogue! {
    // sound
    /// A file is not a RIFF WAVE file.
    WavInvalid, "wav_invalid", Caller, retryable: false, "give a RIFF WAVE file with 8-, 16-, 24- or 32-bit PCM or float samples";
    /// A WAVE file ends before the samples that its header promises.
    WavTruncated, "wav_truncated", Caller, retryable: false, "copy the file again: it ends before the length in its header";
    /// A recording has no samples.
    AudioEmpty, "audio_empty", Caller, retryable: false, "record again: the file has no samples";
    /// A recording has no sound above the noise floor.
    AudioSilent, "audio_silent", Caller, retryable: false, "check the microphone and its volume: the recording is silent";
    /// A recording is longer than there is room for.
    AudioTooLong, "audio_too_long", Caller, retryable: false, "cut the recording into shorter ones, or raise the limit it is read with";
    /// A sample rate, a channel count or a block size that the audio path does not take.
    AudioUnsupported, "audio_unsupported", Caller, retryable: false, "convert the sound to 8, 16, 24, 44.1 or 48 kHz, mono or stereo";
    /// A file could not be read or written.
    FileInaccessible, "file_inaccessible", Caller, retryable: false, "check the path, its permissions and the free space of the disk";

    // the caller's use of a session
    /// Something was asked of a session that has ended.
    SessionClosed, "session_closed", Caller, retryable: false, "open a new session: this one has ended";
    /// Audio comes in faster than it can be sent.
    AudioBackpressure, "audio_backpressure", Caller, retryable: true, "wait until the queue has drained, or drop the frame: more audio was given than the connection takes";
    /// A result for a tool call that was never made, or was answered already.
    ToolCallUnknown, "tool_call_unknown", Caller, retryable: false, "answer each tool call once, with the id that it came with";
    /// A text is longer than the service takes.
    TextTooLong, "text_too_long", Caller, retryable: false, "shorten the text or send it in parts";
    /// A text with nothing in it.
    TextEmpty, "text_empty", Caller, retryable: false, "send a text that says something";
    /// A tool's schema is not a JSON object that describes one.
    ToolSchemaInvalid, "tool_schema_invalid", Caller, retryable: false, "give the tool's input schema as a JSON Schema object";
    /// A tool's name does not fit the service's alphabet.
    ToolNameInvalid, "tool_name_invalid", Caller, retryable: false, "name the tool with 1 to 64 letters, digits, '_' or '-', and give each tool its own name";
    /// A tool's result is not JSON, or too long.
    ToolResultInvalid, "tool_result_invalid", Caller, retryable: false, "answer the tool call with a JSON value of reasonable length";
    /// A setting is outside its range or contradicts another.
    ConfigurationInvalid, "configuration_invalid", Caller, retryable: false, "correct the setting that the message names";
    /// Earlier messages do not fit what the service takes as history.
    HistoryInvalid, "history_invalid", Caller, retryable: false, "start the history with a user message, let roles alternate, and keep each message under 50 KB and all under 200 KB";

    // signatures and frames
    /// No signing key for the day on which a frame would be signed.
    SigningKeyMissing, "signing_key_missing", Caller, retryable: true, "fetch new credentials: the ones at hand have no signing key for this UTC date";
    /// A frame is longer than the limit.
    FrameTooLarge, "frame_too_large", Service, retryable: true, "open a new session; if it happens again, something between here and AWS alters the stream";
    /// A frame's checksum does not match.
    FrameCorrupt, "frame_corrupt", Network, retryable: true, "open a new session; if it happens again, something between here and AWS alters the stream";
    /// The stream ended inside a frame.
    FrameTruncated, "frame_truncated", Network, retryable: true, "open a new session: the connection broke in the middle of a message";
    /// A frame's lengths or headers contradict each other.
    FrameMalformed, "frame_malformed", Service, retryable: true, "open a new session; if it happens again, something between here and AWS alters the stream";
    /// An event is not the JSON that was agreed on.
    EventInvalid, "event_invalid", Service, retryable: true, "open a new session; if it happens again, report it with the library's version";

    // what a browser is given
    /// A session policy is longer than STS takes.
    PolicyTooLarge, "policy_too_large", Caller, retryable: false, "name fewer models, networks, regions or tags in the scope";
    /// An answer of a credentials endpoint is not a grant.
    GrantInvalid, "grant_invalid", Caller, retryable: false, "check what the application's credentials endpoint answers: it is not what this library or an AWS SDK writes";

    // reaching the service
    /// No credentials were found.
    CredentialsMissing, "credentials_missing", Caller, retryable: false, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or run where a role is attached";
    /// The credentials have expired.
    CredentialsExpired, "credentials_expired", Caller, retryable: true, "fetch new credentials and open a new session";
    /// The signature or the access key was refused.
    CredentialsInvalid, "credentials_invalid", Caller, retryable: false, "check access key, secret and region; a clock that is minutes off gives the same answer";
    /// The clocks of this machine and the service are too far apart.
    ClockSkewed, "clock_skewed", Caller, retryable: false, "set this machine's clock: it is more than five minutes off";
    /// The credentials may not open this model.
    AccessDenied, "access_denied", Caller, retryable: false, "allow bedrock:InvokeModel on the model's ARN and enable the model for the account";
    /// No such model in this region.
    ModelNotFound, "model_not_found", Caller, retryable: false, "use a region and a model id that offer Nova Sonic, for example us-east-1 and amazon.nova-2-sonic-v1:0";
    /// A region that has no such endpoint.
    RegionUnknown, "region_unknown", Caller, retryable: false, "use a region that offers Nova Sonic: us-east-1, us-west-2, ap-northeast-1 or eu-north-1";
    /// The server's certificate was refused.
    TlsRefused, "tls_refused", Network, retryable: false, "trust the certificate authority that signed it, or check for a proxy that replaces certificates";
    /// The connection could not be opened.
    ConnectionFailed, "connection_failed", Network, retryable: true, "check the network, the endpoint and any proxy between";
    /// The connection broke in mid-conversation.
    ConnectionLost, "connection_lost", Network, retryable: true, "open a new session with the history of this one";
    /// The service did not answer in time.
    OpenTimeout, "open_timeout", Network, retryable: true, "check the network and the endpoint: nothing answered in time";
    /// The service accepted the stream and then said nothing.
    ServerSilent, "server_silent", Service, retryable: true, "open a new session with the history of this one: the service stopped answering";

    // issuing credentials
    /// A subject has had its share of credentials for now.
    LimitExceeded, "limit_exceeded", Caller, retryable: true, "wait as long as the error says before asking again for the same user";
    /// More subjects than are remembered asked for credentials.
    SubjectsExceeded, "subjects_exceeded", Caller, retryable: true, "raise the number of subjects that are remembered, or find out who makes up users";
    /// The subject that credentials are for has no name, or an endless one.
    SubjectInvalid, "subject_invalid", Caller, retryable: false, "name the signed-in user by a text of 1 to 1,024 bytes";
    /// STS has failed too often and is left alone for a while.
    CredentialsUnavailable, "credentials_unavailable", Service, retryable: true, "wait as long as the error says; the errors before this one tell why STS could not issue credentials";
    /// STS does not let the backend have this role.
    RoleNotAssumable, "role_not_assumable", Caller, retryable: false, "check that the role exists, that its trust policy names the backend (and sts:SetSourceIdentity, sts:TagSession and the external id, where used), and that the backend may call sts:AssumeRole on it";
    /// STS does not take the session policy.
    PolicyRejected, "policy_rejected", Caller, retryable: false, "report it with the library's version: AWS does not take the session policy that it wrote";
    /// STS is switched off in this region.
    RegionDisabled, "region_disabled", Caller, retryable: false, "activate STS for the region in the account settings of IAM, or use another region";
    /// STS does not take the request.
    StsRequestRejected, "sts_request_rejected", Caller, retryable: false, "check role, external id and tags: STS does not take one of them";
    /// STS is asked too often.
    StsThrottled, "sts_throttled", Service, retryable: true, "wait and try again; other programs of the account share the quota of STS";
    /// STS answered with something that is no credentials, or cannot be what was asked for.
    StsAnswerInvalid, "sts_answer_invalid", Service, retryable: false, "check the endpoint and this machine's clock: what answered is not STS, or the clocks disagree";

    // what an application's credentials endpoint answers to a page
    /// Nobody is signed in.
    SignInRequired, "sign_in_required", Caller, retryable: false, "sign in to the application, then ask for credentials again";
    /// The signed-in user may not talk.
    NotAuthorized, "not_authorized", Caller, retryable: false, "check the application's own rule of who may talk: it refused this user";
    /// The page that asks is not one that the application knows.
    OriginRefused, "origin_refused", Caller, retryable: false, "ask by fetch() from a page of the application, or name the page's origin in its settings; the server's log says which one was refused";
    /// The endpoint does not answer this method.
    MethodRefused, "method_refused", Caller, retryable: false, "use a method that the answer's Allow header names";
    /// The request has a body, or a content type, that the endpoint does not take.
    ContentRefused, "content_refused", Caller, retryable: false, "send POST with the content type application/json and an empty object, or use GET";
    /// Whether limits hold cannot be told, so nothing is issued.
    LimitsUnavailable, "limits_unavailable", Caller, retryable: true, "check the cache that keeps the limits: it does not answer, or keeps nothing";

    // speaking through an application's own server
    /// The relay does not let this through.
    RelayRefused, "relay_refused", Caller, retryable: false, "send what the relay allows: its first message names what the server decides itself";
    /// A limit of the relay is reached.
    RelayLimitExceeded, "relay_limit_exceeded", Caller, retryable: true, "connect again later; if it happens in mid-conversation, send sound in real time and less text";

    // what the service says
    /// Too many requests or connections.
    Throttled, "throttled", Service, retryable: true, "wait and try again; ask AWS for more concurrent Nova Sonic connections if it stays so";
    /// The account's quota is used up.
    QuotaExceeded, "quota_exceeded", Service, retryable: false, "ask AWS for a higher quota of concurrent Nova Sonic connections";
    /// The model is loading.
    ModelNotReady, "model_not_ready", Service, retryable: true, "try again in a few seconds";
    /// The eight minutes of a stream are over.
    ModelTimeout, "model_timeout", Service, retryable: true, "open a new session with the history of this one: a stream lives eight minutes";
    /// The model failed.
    ModelFailed, "model_failed", Model, retryable: true, "open a new session with the history of this one";
    /// AWS failed inside.
    ServiceFailed, "service_failed", Service, retryable: true, "try again with back-off";
    /// The service is unavailable.
    ServiceUnavailable, "service_unavailable", Service, retryable: true, "try again with back-off";
    /// A passing fault of the backend, reported as a validation error.
    BackendTransient, "backend_transient", Service, retryable: true, "open a new session with the history of this one";
    /// The stream was idle for too long.
    InputIdle, "input_idle", Caller, retryable: true, "keep audio flowing, silence if nothing else, and open a new session";
    /// The content filter refused what was said.
    ContentFiltered, "content_filtered", Model, retryable: false, "open a new session without the refused text; do not send the same history again";
    /// The voice is unknown to the model.
    VoiceUnknown, "voice_unknown", Caller, retryable: false, "use a voice of the model, for example tiffany, matthew or amy";
    /// A tool result could not be read by the service.
    ToolResultRejected, "tool_result_rejected", Caller, retryable: false, "answer tool calls with a JSON object";
    /// The history is longer than the service takes.
    HistoryTooLong, "history_too_long", Caller, retryable: false, "send less history";
    /// Events came in an order that the service does not take.
    ProtocolViolated, "protocol_violated", Caller, retryable: false, "report it with the library's version: the session is meant to make this impossible";
    /// The request was refused for a reason that the service does not name.
    RequestInvalid, "request_invalid", Caller, retryable: false, "check model id, voice, tools and history: the service refused the request without a reason";
    /// An exception that this library does not know.
    ServiceUnknown, "service_unknown", Service, retryable: false, "read the message: the service reported something that this version does not know";
    /// A defect of this library.
    Internal, "internal", Caller, retryable: false, "report it with the library's version and what led to it";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_unique_and_gives_advice() {
        let texts: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
            assert!(!code.advice().ends_with('.') && code.advice().len() > 15, "{code}");
        }
    }
}
