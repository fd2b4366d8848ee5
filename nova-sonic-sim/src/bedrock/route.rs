//! From a method and a path to an operation.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::api_error::ApiError;

/// An operation of Bedrock or of its runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Full-duplex events in HTTP bodies.
    Stream,
    /// The same over a WebSocket.
    StreamWebSocket,
    /// One request, one answer: not for speech.
    Invoke,
    InvokeWithResponseStream,
    Converse,
    ConverseStream,
    CountTokens,
    ListFoundationModels,
    GetFoundationModel,
}

impl Operation {
    /// The operation's name, as the service model has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stream | Self::StreamWebSocket => "InvokeModelWithBidirectionalStream",
            Self::Invoke => "InvokeModel",
            Self::InvokeWithResponseStream => "InvokeModelWithResponseStream",
            Self::Converse => "Converse",
            Self::ConverseStream => "ConverseStream",
            Self::CountTokens => "CountTokens",
            Self::ListFoundationModels => "ListFoundationModels",
            Self::GetFoundationModel => "GetFoundationModel",
        }
    }

    /// The permission that it takes. Source: "requires permission for" on each operation's page of the API reference.
    pub(crate) const fn permission(self) -> &'static str {
        match self {
            Self::Stream | Self::StreamWebSocket | Self::Invoke | Self::Converse => "bedrock:InvokeModel",
            Self::InvokeWithResponseStream | Self::ConverseStream => "bedrock:InvokeModelWithResponseStream",
            Self::CountTokens => "bedrock:CountTokens",
            Self::ListFoundationModels => "bedrock:ListFoundationModels",
            Self::GetFoundationModel => "bedrock:GetFoundationModel",
        }
    }
}

/// An operation on a model; the id is empty when it is on none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) operation: Operation,
    pub(crate) model_id: String,
}

/// Longest model id or ARN, in characters, as the service model has it.
const MODEL_ID_LIMIT: usize = 2048;

/// Finds the operation of a request to Bedrock.
pub(crate) fn route(method: &Method, path: &str) -> Result<Target, ApiError> {
    let unknown = ApiError::unknown_operation;
    let (operation, expected, model) = if path == "/foundation-models" {
        (Operation::ListFoundationModels, Method::GET, None)
    } else if let Some(model) = path.strip_prefix("/foundation-models/") {
        (Operation::GetFoundationModel, Method::GET, Some(model))
    } else {
        let (model, suffix) =
            path.strip_prefix("/model/").and_then(|rest| rest.rsplit_once('/')).ok_or_else(unknown)?;
        let (operation, expected) = match suffix {
            "invoke-with-bidirectional-stream" => (Operation::Stream, Method::POST),
            "invoke-with-bidirectional-stream-websocket" => (Operation::StreamWebSocket, Method::GET),
            "invoke" => (Operation::Invoke, Method::POST),
            "invoke-with-response-stream" => (Operation::InvokeWithResponseStream, Method::POST),
            "converse" => (Operation::Converse, Method::POST),
            "converse-stream" => (Operation::ConverseStream, Method::POST),
            "count-tokens" => (Operation::CountTokens, Method::POST),
            _ => return Err(unknown()),
        };
        (operation, expected, Some(model))
    };
    if *method != expected {
        return Err(ApiError::method_not_allowed());
    }
    let Some(model) = model else { return Ok(Target { operation, model_id: String::new() }) };
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
        for (method, path, operation, model_id) in [
            (
                Method::POST,
                "/model/amazon.nova-2-sonic-v1%3A0/invoke-with-bidirectional-stream",
                Operation::Stream,
                "amazon.nova-2-sonic-v1:0",
            ),
            (Method::POST, "/model/x/converse-stream", Operation::ConverseStream, "x"),
            (Method::GET, "/foundation-models", Operation::ListFoundationModels, ""),
            (Method::GET, "/foundation-models/a%3A0", Operation::GetFoundationModel, "a:0"),
        ] {
            let target = Target { operation, model_id: model_id.to_owned() };
            assert_eq!(route(&method, path).unwrap(), target);
        }
        for (method, path, status) in [
            (Method::GET, "/", 404),
            (Method::POST, "/model/x/sing", 404),
            (Method::POST, "/model//invoke", 404),
            (Method::POST, "/model/%ff/invoke", 404),
            (Method::GET, "/foundation-models/", 404),
            (Method::GET, "/model/x/invoke-with-bidirectional-stream", 405),
            (Method::POST, "/model/x/invoke-with-bidirectional-stream-websocket", 405),
            (Method::POST, "/foundation-models", 405),
        ] {
            assert_eq!(route(&method, path).unwrap_err().status, status, "{method} {path}");
        }
    }
}
