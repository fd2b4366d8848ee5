//! What the end of a WebSocket means.

use super::{ErrorCode, ServiceError, ServiceException};

impl ErrorCode {
    /// What is wrong when a WebSocket is closed with that `code` and `reason`; `None` for an end in order.
    ///
    /// A reason that is one of these codes, or that begins with the name of an exception of AWS, says more than the
    /// number. Source of the numbers: RFC 6455, section 7.4.1, and IANA's "WebSocket Close Code Number" registry.
    ///
    /// ```
    /// use nova_sonic_core::error::ErrorCode;
    /// assert_eq!(ErrorCode::of_socket_close(1000, ""), None);
    /// assert_eq!(ErrorCode::of_socket_close(1006, ""), Some(ErrorCode::ConnectionLost));
    /// let reason = "ThrottlingException: Too many connections";
    /// assert_eq!(ErrorCode::of_socket_close(1008, reason), Some(ErrorCode::Throttled));
    /// ```
    pub fn of_socket_close(code: u16, reason: &str) -> Option<Self> {
        named(reason).or(match code {
            // done, going away, and a close frame without a number
            1000 | 1001 | 1005 => None,
            1002 | 1003 | 1007 => Some(Self::ProtocolViolated),
            1008 => Some(Self::RequestInvalid),
            1009 => Some(Self::FrameTooLarge),
            1011 => Some(Self::ServiceFailed),
            1012..=1014 => Some(Self::ServiceUnavailable),
            1015 => Some(Self::TlsRefused),
            // above all 1006, which browsers make up when there was no close frame
            _ => Some(Self::ConnectionLost),
        })
    }
}

/// The error that a reason names.
fn named(reason: &str) -> Option<ErrorCode> {
    let reason = reason.trim();
    let (name, text) = reason.split_once(':').unwrap_or((reason, ""));
    let exception = ServiceException::parse(name);
    if matches!(exception, ServiceException::Other(_)) {
        return ErrorCode::parse(reason);
    }
    Some(ServiceError::new(exception, text).code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_in_order_is_no_error() {
        for code in [1000, 1001, 1005] {
            assert_eq!(ErrorCode::of_socket_close(code, "goodbye"), None);
        }
    }

    #[test]
    fn numbers_tell_the_sides_apart() {
        for (code, expected) in [
            (1002, ErrorCode::ProtocolViolated),
            (1006, ErrorCode::ConnectionLost),
            (1008, ErrorCode::RequestInvalid),
            (1009, ErrorCode::FrameTooLarge),
            (1011, ErrorCode::ServiceFailed),
            (1013, ErrorCode::ServiceUnavailable),
            (1015, ErrorCode::TlsRefused),
            (0, ErrorCode::ConnectionLost),
            (4999, ErrorCode::ConnectionLost),
        ] {
            assert_eq!(ErrorCode::of_socket_close(code, "no name of anything"), Some(expected), "{code}");
        }
    }

    #[test]
    fn a_reason_says_more_than_a_number() {
        for (code, reason, expected) in [
            (1011, "limit_exceeded", ErrorCode::LimitExceeded),
            (1000, "modelTimeoutException", ErrorCode::ModelTimeout),
            (1008, "AccessDeniedException: no identity-based policy", ErrorCode::AccessDenied),
            (
                1008,
                "ValidationException: The security token included in the request is expired",
                ErrorCode::CredentialsExpired,
            ),
        ] {
            assert_eq!(ErrorCode::of_socket_close(code, reason), Some(expected), "{reason}");
        }
    }
}
