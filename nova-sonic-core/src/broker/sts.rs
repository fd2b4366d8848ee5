//! The only file that speaks the SDK's types for STS.

use std::{error::Error, mem, time::Duration};

use aws_sdk_sts::{
    Client as Sdk,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
    types::{Credentials as SdkCredentials, Tag},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::{BackendProblem, BrokerError, StsRefusal, source::problem_of};
use crate::{
    aws::{Obstacle, broken_connection},
    error::ErrorCode,
    grant::TemporaryCredentials,
    scope::ScopeError,
    secret::SecretText,
    time::Timestamp,
};

/// How long issued credentials live, in seconds: the shortest that STS takes, and never more.
pub(super) const DURATION_SECONDS: i32 = 900;
/// Longest wait asked for by a service that is heeded.
const WAIT_LIMIT_SECONDS: u64 = 60;

/// Which call issues the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    AssumeRole { role_arn: String, external_id: Option<String>, source_identity: bool },
    FederationToken,
}

impl Call {
    pub(super) const fn operation(&self) -> &'static str {
        match self {
            Self::AssumeRole { .. } => "AssumeRole",
            Self::FederationToken => "GetFederationToken",
        }
    }
}

/// The session's tags as the SDK takes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags(Vec<Tag>);

impl Tags {
    pub(super) fn new(tags: &[(String, String)]) -> Result<Self, BrokerError> {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags = tags.collect::<Result<_, _>>();
        tags.map(Self).map_err(|_| BrokerError::configuration("tags", "have one without key or value"))
    }
}

/// What is asked for: always with a policy.
pub(super) struct Request<'a> {
    pub(super) call: &'a Call,
    pub(super) session_name: &'a str,
    pub(super) policy: &'a str,
    pub(super) tags: &'a Tags,
}

/// What STS answered.
pub(super) struct Answer {
    pub(super) credentials: TemporaryCredentials,
    pub(super) packed_policy_size: Option<u32>,
    pub(super) request_id: Option<String>,
}

/// Why STS did not answer with credentials.
#[derive(Debug)]
pub(super) enum CallError {
    Backend(BackendProblem),
    Refused(StsRefusal),
    Unreachable(Obstacle),
    AnswerInvalid(&'static str),
    Scope(ScopeError),
    EndpointInvalid,
}

impl CallError {
    /// Whether asking again may help: not for what is wrong with request, role or credentials.
    pub(super) const fn worth_another_attempt(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(
                refusal.code(),
                ErrorCode::StsThrottled | ErrorCode::ServiceFailed | ErrorCode::ServiceUnavailable
            ),
            Self::Unreachable(obstacle) => obstacle.code.retryable(),
            Self::Backend(_) | Self::AnswerInvalid(_) | Self::Scope(_) | Self::EndpointInvalid => false,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::Refused(refusal) = self { refusal.retry_after() } else { None }
    }

    pub(super) fn after(self, attempts: u32) -> BrokerError {
        match self {
            Self::Backend(problem) => BrokerError::BackendCredentials { problem },
            Self::Refused(mut refusal) => {
                refusal.attempts = attempts;
                BrokerError::Refused(refusal)
            }
            Self::Unreachable(Obstacle { code, text }) => {
                BrokerError::Unreachable { code, problem: text, attempts }
            }
            Self::AnswerInvalid(problem) => BrokerError::AnswerInvalid { problem },
            Self::Scope(error) => error.into(),
            Self::EndpointInvalid => {
                BrokerError::configuration("endpoint_url", "is no URL that can be asked")
            }
        }
    }
}

/// Asks STS once.
pub(super) async fn ask(sdk: &Sdk, request: &Request<'_>) -> Result<Answer, CallError> {
    let operation = request.call.operation();
    let tags = (!request.tags.0.is_empty()).then(|| request.tags.0.clone());
    match request.call {
        Call::AssumeRole { role_arn, external_id, source_identity } => {
            let sent = sdk
                .assume_role()
                .role_arn(role_arn)
                .role_session_name(request.session_name)
                .policy(request.policy)
                .duration_seconds(DURATION_SECONDS)
                .set_external_id(external_id.clone())
                .set_source_identity(source_identity.then(|| request.session_name.to_owned()))
                .set_tags(tags)
                .send()
                .await;
            let mut output = sent.map_err(|error| refused(operation, error))?;
            let request_id = output.request_id().map(str::to_owned);
            #[expect(deprecated, reason = "AWS fills it, and its successor measures something else")]
            let packed = output.packed_policy_size;
            taken(output.credentials.take(), packed, request_id)
        }
        Call::FederationToken => {
            let sent = sdk
                .get_federation_token()
                .name(request.session_name)
                .policy(request.policy)
                .duration_seconds(DURATION_SECONDS)
                .set_tags(tags)
                .send()
                .await;
            let mut output = sent.map_err(|error| refused(operation, error))?;
            let request_id = output.request_id().map(str::to_owned);
            #[expect(deprecated, reason = "AWS fills it, and its successor measures something else")]
            let packed = output.packed_policy_size;
            taken(output.credentials.take(), packed, request_id)
        }
    }
}

/// Moves secrets out of the SDK's type, so that no copy of theirs stays behind in it.
fn taken(
    credentials: Option<SdkCredentials>,
    packed: Option<i32>,
    request_id: Option<String>,
) -> Result<Answer, CallError> {
    let Some(mut credentials) = credentials else {
        return Err(CallError::AnswerInvalid("holds no credentials"));
    };
    let secret_access_key = SecretText::new(mem::take(&mut credentials.secret_access_key));
    let session_token = SecretText::new(mem::take(&mut credentials.session_token));
    let access_key_id = mem::take(&mut credentials.access_key_id);
    let expiration = credentials.expiration;
    drop(credentials);
    // what STS leaves out the SDK fills with nothing
    let complete = is_access_key_id(&access_key_id)
        && !secret_access_key.expose().is_empty()
        && !session_token.expose().is_empty();
    if !complete {
        return Err(CallError::AnswerInvalid("lacks a part of the credentials"));
    }
    let expiration =
        expiration.to_millis().map_err(|_| CallError::AnswerInvalid("has an impossible expiration"))?;
    Ok(Answer {
        credentials: TemporaryCredentials {
            access_key_id,
            secret_access_key,
            session_token,
            expiration: Timestamp::from_unix_millis(expiration),
        },
        packed_policy_size: packed.and_then(|percent| u32::try_from(percent).ok()),
        request_id,
    })
}

/// 16 to 128 letters and digits, as the service model says.
fn is_access_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[expect(clippy::wildcard_enum_match_arm, reason = "errors of the SDK are open")]
fn refused<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            if context.raw().status().is_success() {
                return CallError::AnswerInvalid("cannot be read");
            }
            let headers = context.raw().headers();
            let meta = context.err().meta();
            let wait = headers.get("retry-after").and_then(|seconds| seconds.parse().ok());
            let refusal = StsRefusal::new(operation, status, meta.code(), meta.message().unwrap_or_default())
                .with_request_id(meta.request_id().or_else(|| headers.get("x-amzn-requestid")))
                .with_retry_after(wait.map(|wait: u64| Duration::from_secs(wait.min(WAIT_LIMIT_SECONDS))));
            CallError::Refused(refusal)
        }
        SdkError::ResponseError(context) => {
            let status = context.raw().status();
            if status.is_success() {
                return CallError::AnswerInvalid("cannot be read");
            }
            CallError::Refused(StsRefusal::new(operation, status.as_u16(), None, ""))
        }
        SdkError::TimeoutError(_) => CallError::Unreachable(Obstacle {
            code: ErrorCode::OpenTimeout,
            text: "STS did not answer in time".to_owned(),
        }),
        other => match problem_of(&other) {
            Some(problem) => CallError::Backend(problem),
            None if matches!(other, SdkError::ConstructionFailure(_)) => CallError::EndpointInvalid,
            None => CallError::Unreachable(not_sent(&other)),
        },
    }
}

fn not_sent<E>(error: &SdkError<E, HttpResponse>) -> Obstacle
where
    E: Error + Send + Sync + 'static,
{
    let timed_out = matches!(error, SdkError::DispatchFailure(context) if context.is_timeout());
    if timed_out {
        let text = "STS could not be reached in time".to_owned();
        return Obstacle { code: ErrorCode::OpenTimeout, text };
    }
    broken_connection(error)
}
