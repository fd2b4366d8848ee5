//! Why there is no grant.

use crate::{error::ErrorCode, time::Date};

/// Why credentials cannot be handed out, or an answer is not a grant. No value that came from outside is in it.
///
/// ```
/// use nova_sonic_core::{grant::Grant, time::Timestamp};
/// let error = Grant::read_json(br#"{"error":"please log in"}"#, Timestamp::from_unix_millis(0)).unwrap_err();
/// assert_eq!(error.to_string(), "answer has no field secretAccessKey");
/// assert_eq!(error.code().as_str(), "grant_invalid");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The access key id is empty, too long, or has characters that none has.
    #[error("access key id of {length} bytes is not letters and digits")]
    AccessKeyInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The secret access key is empty, too long, or has characters that none has.
    #[error("secret access key of {length} bytes is not printable ASCII without quotes")]
    SecretKeyInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The session token is empty, too long, or has characters that none has.
    #[error("session token of {length} bytes is not printable ASCII without quotes")]
    SessionTokenInvalid {
        /// Its length, bytes.
        length: usize,
    },
    /// The credentials expire before a stream that is opened now would have to end.
    #[error("credentials expire in {seconds} s, to open a stream takes more than {needed}")]
    ExpiresTooSoon {
        /// From now to the expiration, seconds; negative if it is over.
        seconds: i64,
        /// What a stream may take, and the margin for clocks, seconds.
        needed: i64,
    },
    /// The credentials live longer than any that a browser should have.
    #[error("credentials that live for {seconds} s: at most {limit}")]
    LivesTooLong {
        /// From now to the expiration, seconds.
        seconds: i64,
        /// The longest lifetime taken, seconds.
        limit: i64,
    },
    /// The policy no longer allows to open a stream.
    #[error("the policy's window to open a stream is over")]
    WindowClosed,
    /// The answer is longer than any grant.
    #[error("answer of {length} bytes is longer than {limit}")]
    AnswerTooLong {
        /// Its length, bytes.
        length: usize,
        /// The most that is read, bytes.
        limit: usize,
    },
    /// The answer is not JSON.
    #[error("answer is not JSON: line {line}, column {column}")]
    NotJson {
        /// Where reading ended: the line, from 1.
        line: usize,
        /// And the column, bytes; 0 before the first.
        column: usize,
    },
    /// The answer is JSON, but not an object.
    #[error("answer is not a JSON object")]
    NotAnObject,
    /// A field that a grant has is not there.
    #[error("answer has no field {field}")]
    FieldMissing {
        /// The field, as a grant spells it.
        field: &'static str,
    },
    /// A field is not what it has to be.
    #[error("field {field} is not what a grant has there")]
    FieldInvalid {
        /// The field, as a grant spells it.
        field: &'static str,
    },
    /// The times of the grant are not in order: issued, to be opened before, expires.
    #[error("serverTime, openBefore and expiration are not in this order")]
    TimesDisordered,
    /// None of the grant's keys is for the day on which it was issued.
    #[error("no signing key for {date}, the date of serverTime")]
    KeyMissing {
        /// The UTC date.
        date: Date,
    },
}

impl GrantError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::AccessKeyInvalid { .. }
            | Self::SecretKeyInvalid { .. }
            | Self::SessionTokenInvalid { .. } => ErrorCode::CredentialsInvalid,
            Self::ExpiresTooSoon { .. } | Self::WindowClosed => ErrorCode::CredentialsExpired,
            Self::LivesTooLong { .. } => ErrorCode::ConfigurationInvalid,
            Self::KeyMissing { .. } => ErrorCode::SigningKeyMissing,
            Self::AnswerTooLong { .. }
            | Self::NotJson { .. }
            | Self::NotAnObject
            | Self::FieldMissing { .. }
            | Self::FieldInvalid { .. }
            | Self::TimesDisordered => ErrorCode::GrantInvalid,
        }
    }
}
