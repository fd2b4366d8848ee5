//! An endpoint that issues credentials, with axum.

// region broker
use std::sync::Arc;

use nova_sonic_core::{
    broker::{BrokerError, CredentialBroker, Subject},
    scope::{ModelId, Region, ScopePolicy},
    secret::SecretText,
};

/// One broker for the process: it counts who has asked how often.
///
/// # Errors
/// What is wrong with the settings, in words.
pub async fn broker(
    role_arn: &str,
    session_name_key: String,
) -> Result<CredentialBroker, Box<dyn std::error::Error>> {
    let scope = ScopePolicy::new(Region::parse("us-east-1")?, ModelId::default());
    let broker = CredentialBroker::builder()
        .scope(scope)
        .assume_role(role_arn)
        .session_name_key(SecretText::new(session_name_key)); // the same on every server, for ever
    Ok(broker.build().await?)
}
// endregion broker

// region endpoint
use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// Who is signed in, as a middleware of yours has found out.
#[derive(Clone, Debug)]
pub struct User(pub String);

/// The route, to be merged into the application's own.
pub fn routes(broker: CredentialBroker) -> Router {
    Router::new().route("/api/aws-credentials/", get(aws_credentials)).with_state(Arc::new(broker))
}

async fn aws_credentials(
    State(broker): State<Arc<CredentialBroker>>,
    user: Option<Extension<User>>,
    headers: HeaderMap,
) -> Response {
    let Some(Extension(User(name))) = user else { return StatusCode::UNAUTHORIZED.into_response() };
    let site = headers.get("sec-fetch-site").map_or("same-origin", |site| site.to_str().unwrap_or_default());
    if site != "same-origin" {
        return StatusCode::FORBIDDEN.into_response();
    }
    let issued = match Subject::new(name) {
        Ok(subject) => broker.issue(&subject).await,
        Err(error) => Err(error),
    };
    match issued {
        Ok(issued) => {
            let no_store = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (no_store, issued.grant.write_json().to_vec()).into_response()
        }
        Err(error) => (status(&error), error.code().as_str()).into_response(),
    }
}

fn status(error: &BrokerError) -> StatusCode {
    match error {
        BrokerError::Limit(_) => StatusCode::TOO_MANY_REQUESTS,
        error if error.retryable() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    }
}
// endregion endpoint
