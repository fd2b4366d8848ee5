//! From a method and a path to an operation.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::api_error::ApiError;

/// An operation of Bedrock Runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Full-duplex events in HTTP bodies.
    Stream,
    /// The same over a WebSocket.
    StreamWebSocket,
    /// One request, one answer: not for speech.
    Invoke,
}

impl Operation {
    /// The operation's name, as the service model has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stream | Self::StreamWebSocket => "InvokeModelWithBidirectionalStream",
            Self::Invoke => "InvokeModel",
        }
    }
}

/// An operation on a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) operation: Operation,
    pub(crate) model_id: String,
}

/// Longest model id or ARN, in characters, as the service model has it.
const MODEL_ID_LIMIT: usize = 2048;

/// Finds the operation of a request to Bedrock Runtime.
pub(crate) fn route(method: &Method, path: &str) -> Result<Target, ApiError> {
    let unknown = ApiError::unknown_operation;
    let (model, suffix) =
        path.strip_prefix("/model/").and_then(|rest| rest.rsplit_once('/')).ok_or_else(unknown)?;
    let (operation, expected) = match suffix {
        "invoke-with-bidirectional-stream" => (Operation::Stream, Method::POST),
        "invoke-with-bidirectional-stream-websocket" => (Operation::StreamWebSocket, Method::GET),
        "invoke" => (Operation::Invoke, Method::POST),
        _ => return Err(unknown()),
    };
    if *method != expected {
        return Err(ApiError::method_not_allowed());
    }
    let model_id = percent_decode_str(model).decode_utf8().map_err(|_| unknown())?;
    if model_id.is_empty() || model_id.len() > MODEL_ID_LIMIT {
        return Err(unknown());
    }
    Ok(Target { operation, model_id: model_id.into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_operations() {
        let target =
            route(&Method::POST, "/model/amazon.nova-2-sonic-v1%3A0/invoke-with-bidirectional-stream")
                .unwrap();
        assert_eq!(
            target,
            Target { operation: Operation::Stream, model_id: "amazon.nova-2-sonic-v1:0".to_owned() }
        );
        for (method, path, status) in [
            (Method::GET, "/", 404),
            (Method::POST, "/model/x/converse-stream", 404),
            (Method::POST, "/model//invoke", 404),
            (Method::POST, "/model/%ff/invoke", 404),
            (Method::GET, "/model/x/invoke-with-bidirectional-stream", 405),
            (Method::POST, "/model/x/invoke-with-bidirectional-stream-websocket", 405),
        ] {
            assert_eq!(route(&method, path).unwrap_err().status, status, "{method} {path}");
        }
    }
}
