//! With which code the WebSocket closes, and what that means.

use crate::error::ErrorCode;

/// Why the server closes the socket; 4000 to 4999 is the range that WebSocket leaves to applications (RFC 6455, 7.4.2).
///
/// ```
/// use nova_sonic_core::{error::ErrorCode, relay::CloseCode};
/// assert_eq!(CloseCode::Limit.number(), 4008);
/// assert_eq!(CloseCode::from_number(4001).and_then(CloseCode::code), Some(ErrorCode::SignInRequired));
/// assert_eq!(CloseCode::Ended.code(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseCode {
    /// 1000: the conversation has ended in order.
    Ended,
    /// 4001: nobody is signed in.
    NotAuthenticated,
    /// 4003: who is signed in may not talk, or has sent what the relay does not let through.
    NotAllowed,
    /// 4004: the model, or whatever else the socket's URL names, does not exist here.
    NotFound,
    /// 4008: a limit was reached.
    Limit,
    /// 4011: the service behind the relay failed.
    UpstreamFailed,
    /// 4012: this server is going down; another one takes the conversation on.
    GoingAway,
}

impl CloseCode {
    /// The number on the wire.
    pub const fn number(self) -> u16 {
        match self {
            Self::Ended => 1000,
            Self::NotAuthenticated => 4001,
            Self::NotAllowed => 4003,
            Self::NotFound => 4004,
            Self::Limit => 4008,
            Self::UpstreamFailed => 4011,
            Self::GoingAway => 4012,
        }
    }

    /// The code of that number; `None` for those that the relay does not use itself, such as 1006.
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1000 => Some(Self::Ended),
            4001 => Some(Self::NotAuthenticated),
            4003 => Some(Self::NotAllowed),
            4004 => Some(Self::NotFound),
            4008 => Some(Self::Limit),
            4011 => Some(Self::UpstreamFailed),
            4012 => Some(Self::GoingAway),
            _ => None,
        }
    }

    /// What to report where no [`Control::Error`](super::Control::Error) came before the close; `None` for a normal end.
    pub const fn code(self) -> Option<ErrorCode> {
        match self {
            Self::Ended => None,
            Self::NotAuthenticated => Some(ErrorCode::SignInRequired),
            Self::NotAllowed => Some(ErrorCode::NotAuthorized),
            Self::NotFound => Some(ErrorCode::ModelNotFound),
            Self::Limit => Some(ErrorCode::RelayLimitExceeded),
            Self::UpstreamFailed => Some(ErrorCode::ServiceUnavailable),
            Self::GoingAway => Some(ErrorCode::ConnectionLost),
        }
    }
}
