//! Tools that the application answers: this process asks it, and neither it nor the page needs the AWS credentials.

use std::path::Path;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use nova_sonic_core::{
    event::ToolSpec,
    relay::{GuardedTool, ToolRule},
    secret::SecretText,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::StartError;

/// Longest answer of the application, bytes: what fits into one event of the service.
const ANSWER_LIMIT: usize = 250_000;

/// One tool, as the file of tools has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Declared {
    name: String,
    description: String,
    input_schema: Value,
}

/// Reads the file of tools.
pub(crate) fn declared(path: &Path) -> Result<Vec<ToolSpec>, StartError> {
    let tools: Vec<Declared> = serde_json::from_slice(&std::fs::read(path)?)?;
    let specs = tools.into_iter().map(|Declared { name, description, input_schema }| {
        Ok(ToolSpec::new(name, description, &input_schema.to_string())?)
    });
    specs.collect()
}

/// What the application answers, and where it does.
pub(crate) struct Tools {
    specs: Vec<ToolSpec>,
    url: Uri,
    token: Option<SecretText>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Tools {
    /// Belongs on one runtime: its connections are kept there.
    pub(crate) fn new(specs: Vec<ToolSpec>, url: Uri, token: Option<SecretText>) -> Self {
        Self { specs, url, token, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// The application's tools, whatever the page declares: it sees neither these calls nor their results.
    pub(crate) fn rule(&self) -> ToolRule {
        ToolRule::Locked(self.specs.iter().cloned().map(GuardedTool::on_server).collect())
    }

    /// What the application makes of a call, as JSON; `None` when it makes nothing of it.
    pub(crate) async fn ask(&self, subject: &str, name: &str, input: &str) -> Option<String> {
        // a model now and then forgets a bracket: the application gets its words all the same
        let input = serde_json::from_str(input).unwrap_or_else(|_| Value::String(input.to_owned()));
        let call = json!({ "subject": subject, "name": name, "input": input });
        let mut request = Request::post(&self.url).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let request = request.body(Full::from(call.to_string())).ok()?;
        let answer = match self.client.request(request).await {
            Ok(answer) if answer.status().is_success() => answer,
            Ok(answer) => {
                tracing::warn!(name, status = answer.status().as_u16(), "the application refuses a tool");
                return None;
            }
            Err(error) => {
                tracing::warn!(name, %error, "the application cannot be asked for a tool");
                return None;
            }
        };
        let body = Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await.ok()?;
        String::from_utf8(body.to_bytes().into()).ok()
    }
}
