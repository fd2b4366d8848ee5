//! One request and its answer, signed by hand for any service, region and host.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use nova_sonic_sim::Simulator;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::{raw::now, support::within};

/// A request that is not signed yet.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) service: &'static str,
    pub(crate) region: &'static str,
    /// The host that is addressed; the connection goes to the simulator all the same.
    pub(crate) host: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Call {
    /// A call of STS.
    pub(crate) fn sts(action: &str, parameters: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", "2011-06-15");
        form.extend_pairs(parameters);
        Self {
            method: "POST",
            path: "/".to_owned(),
            body: form.finish(),
            service: "sts",
            region: "us-east-1",
            host: "localhost".to_owned(),
            headers: Vec::new(),
        }
    }

    /// A call of Bedrock or its runtime.
    pub(crate) fn bedrock(method: &'static str, path: impl Into<String>, body: &str) -> Self {
        let (path, body) = (path.into(), body.to_owned());
        Self { method, path, body, service: "bedrock", ..Self::sts("", &[]) }
    }

    /// Signs it as of now and sends it.
    pub(crate) async fn send(&self, simulator: &Simulator, credentials: &Credentials) -> Answer {
        self.sign_and_send(simulator, credentials, now(simulator)).await
    }

    pub(crate) async fn sign_and_send(
        &self,
        simulator: &Simulator,
        credentials: &Credentials,
        time: SystemTime,
    ) -> Answer {
        let uri = format!("https://{}{}", self.host, self.path);
        let body = SignableBody::Bytes(self.body.as_bytes());
        let signable = SignableRequest::new(self.method, uri, std::iter::empty(), body).unwrap();
        let identity = credentials.clone().into();
        let params = v4::SigningParams::builder().identity(&identity).region(self.region).name(self.service);
        let params = params.time(time).settings(SigningSettings::default()).build().unwrap().into();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        let mut request = self.request();
        instructions.apply_to_request_http1x(&mut request);
        send(simulator, request).await
    }

    /// Sends it without a signature.
    pub(crate) async fn send_bare(&self, simulator: &Simulator) -> Answer {
        send(simulator, self.request()).await
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(self.method).uri(&self.path).header("host", &self.host);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(Full::new(self.body.clone().into())).unwrap()
    }
}

/// A presigned `POST /?Action=CallWithBearerToken`, as AWS's token generators make it: its path and query.
pub(crate) fn presigned_bearer_call(
    credentials: &Credentials,
    region: &str,
    time: SystemTime,
    expires: Duration,
) -> String {
    let path = "/?Action=CallWithBearerToken";
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(expires);
    let uri = format!("https://bedrock.amazonaws.com{path}");
    let request = SignableRequest::new("POST", uri, std::iter::empty(), SignableBody::Bytes(b"")).unwrap();
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder().identity(&identity).region(region).name("bedrock");
    let params = params.time(time).settings(settings).build().unwrap().into();
    let (_, parameters) = sign(request, &params).unwrap().into_parts().0.into_parts();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().map(|(name, value): &(&str, Cow<'_, str>)| (*name, value.as_ref())));
    format!("{path}&{}", query.finish())
}

/// The same written as a short-term API key.
pub(crate) fn api_key(path_and_query: &str) -> String {
    let url = format!("bedrock.amazonaws.com{path_and_query}&Version=1");
    format!("bedrock-api-key-{}", base64_simd::STANDARD.encode_to_string(url))
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The text of the first element of this name.
    pub(crate) fn element(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    }

    /// Status, code and message of a refusal, in XML or in JSON.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        if let Some(name) = self.headers.get("x-amzn-errortype") {
            let (name, message) = (name.to_str().unwrap().to_owned(), self.json()["message"].clone());
            return (self.status, name, message.as_str().unwrap().to_owned());
        }
        let element = |name| self.element(name).unwrap_or_else(|| panic!("{}", self.text()));
        (self.status, element("Code"), element("Message"))
    }

    /// What STS issued.
    pub(crate) fn credentials(&self) -> Credentials {
        let element = |name| self.element(name).unwrap_or_else(|| panic!("{}", self.text()));
        let token = Some(element("SessionToken"));
        Credentials::new(element("AccessKeyId"), element("SecretAccessKey"), token, None, "test")
    }
}

/// Sends a request over HTTP/1.1 without TLS.
pub(crate) async fn send(simulator: &Simulator, request: Request<Full<Bytes>>) -> Answer {
    try_send(simulator, request).await.unwrap()
}

/// The same, where the connection may break.
pub(crate) async fn try_send(
    simulator: &Simulator,
    request: Request<Full<Bytes>>,
) -> Result<Answer, hyper::Error> {
    let socket = TcpStream::connect(simulator.http_address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let (parts, body) = within(sender.send_request(request)).await?.into_parts();
    let body = within(body.collect()).await?.to_bytes();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// A request to the control path.
pub(crate) async fn control(simulator: &Simulator, method: &'static str, verb: &str, body: &str) -> Answer {
    Call::bedrock(method, format!("/_simulator/{verb}"), body).send_bare(simulator).await
}
