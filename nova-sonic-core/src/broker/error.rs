//! Why no credentials were issued. No secret, no ARN and no account id is in any of it.

use std::{fmt, time::Duration};

use thiserror::Error;

use super::{BreakerRefusal, LimitRefusal, StsRefusal};
use crate::{
    aws::Untrusted,
    error::{Blame, ErrorCode},
    grant::GrantError,
    scope::ScopeError,
};

/// Why no credentials were issued.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// A setting is missing, outside its range, or contradicts another.
    #[error("setting {setting} {problem}")]
    Configuration {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A subject without a name, or with one that is too long.
    #[error("subject of {length} bytes is not 1 to {limit} bytes long")]
    SubjectInvalid {
        /// Length given, bytes.
        length: usize,
        /// Longest that is taken, bytes.
        limit: usize,
    },
    /// The session policy cannot be written.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The grant cannot be made of what STS issued.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The subject has had its share; STS was not asked.
    #[error(transparent)]
    Limit(#[from] LimitRefusal),
    /// STS has failed too often; it was not asked.
    #[error(transparent)]
    Breaker(#[from] BreakerRefusal),
    /// The backend's own credentials could not be had; STS was not asked.
    #[error("the backend's own credentials {problem}")]
    BackendCredentials {
        /// What is wrong with them.
        problem: BackendProblem,
    },
    /// STS refused, or failed.
    #[error(transparent)]
    Refused(#[from] StsRefusal),
    /// STS could not be reached.
    #[error("{problem}")]
    Unreachable {
        /// The stable code.
        code: ErrorCode,
        /// What happened between here and STS.
        problem: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// STS issued something that cannot be passed on.
    #[error("the answer of STS {problem}")]
    AnswerInvalid {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The limits that several processes share could not be asked, so nothing was issued.
    #[cfg(feature = "redis")]
    #[error(transparent)]
    SharedLimits(#[from] super::SharedLimitsError),
    /// The operating system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl From<Untrusted> for BrokerError {
    fn from(untrusted: Untrusted) -> Self {
        Self::configuration("ca_certificates_pem", untrusted.problem)
    }
}

impl BrokerError {
    pub(super) const fn configuration(setting: &'static str, problem: &'static str) -> Self {
        Self::Configuration { setting, problem }
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Configuration { .. } => ErrorCode::ConfigurationInvalid,
            Self::SubjectInvalid { .. } => ErrorCode::SubjectInvalid,
            Self::Scope(error) => error.code(),
            Self::Grant(error) => error.code(),
            Self::Limit(refusal) => refusal.code(),
            Self::Breaker(_) => ErrorCode::CredentialsUnavailable,
            Self::BackendCredentials { problem } => problem.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Unreachable { code, .. } => *code,
            Self::AnswerInvalid { .. } => ErrorCode::StsAnswerInvalid,
            #[cfg(feature = "redis")]
            Self::SharedLimits(error) => error.code(),
            Self::Random => ErrorCode::Internal,
        }
    }

    /// Who can do something about it.
    pub fn blame(&self) -> Blame {
        self.code().blame()
    }

    /// Whether the same request, made a little later, may succeed.
    pub fn retryable(&self) -> bool {
        self.code().retryable()
    }

    /// How long to wait before the same request, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limit(refusal) => Some(refusal.retry_after),
            Self::Breaker(refusal) => Some(refusal.retry_after),
            Self::Refused(refusal) => refusal.retry_after(),
            Self::Configuration { .. }
            | Self::SubjectInvalid { .. }
            | Self::Scope(_)
            | Self::Grant(_)
            | Self::BackendCredentials { .. }
            | Self::Unreachable { .. }
            | Self::AnswerInvalid { .. }
            | Self::Random => None,
            #[cfg(feature = "redis")]
            Self::SharedLimits(_) => None,
        }
    }

    /// AWS's own name of the error, such as `AccessDenied` or `PackedPolicyTooLarge`, where AWS gave one.
    pub fn aws_name(&self) -> Option<&str> {
        if let Self::Refused(refusal) = self { refusal.aws_name() } else { None }
    }

    /// AWS's id of the refused request, for `CloudTrail` and AWS support.
    pub fn request_id(&self) -> Option<&str> {
        if let Self::Refused(refusal) = self { refusal.request_id() } else { None }
    }

    /// What to do about it, one sentence for the operator.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.advice(),
            Self::BackendCredentials { problem } => problem.advice(),
            Self::Scope(error) => error.advice(),
            Self::Configuration { .. }
            | Self::SubjectInvalid { .. }
            | Self::Grant(_)
            | Self::Limit(_)
            | Self::Breaker(_)
            | Self::Unreachable { .. }
            | Self::AnswerInvalid { .. }
            | Self::Random => self.code().advice(),
            #[cfg(feature = "redis")]
            Self::SharedLimits(_) => self.code().advice(),
        }
    }
}

/// What is wrong with the backend's own credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendProblem {
    /// There are none, or key or secret is empty.
    Missing,
    /// Where they come from did not answer in time.
    TimedOut,
    /// Where they come from failed.
    Failed,
    /// They are temporary, and the call takes a user's long-term keys only.
    Temporary,
}

impl BackendProblem {
    /// The stable code.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Missing | Self::TimedOut | Self::Failed => ErrorCode::CredentialsMissing,
            Self::Temporary => ErrorCode::CredentialsInvalid,
        }
    }

    /// What to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Temporary => {
                "give the broker a role to assume: GetFederationToken takes the long-term keys of an IAM user only"
            }
            Self::Missing | Self::TimedOut | Self::Failed => self.code().advice(),
        }
    }
}

impl fmt::Display for BackendProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "were not found",
            Self::TimedOut => "did not come in time",
            Self::Failed => "could not be loaded",
            Self::Temporary => "are temporary, and GetFederationToken takes a user's long-term keys only",
        })
    }
}
