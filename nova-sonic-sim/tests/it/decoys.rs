//! What a credential made for speech must not reach, and what an unbounded one does reach: refusals are the policies'.

use std::time::Duration;

use aws_credential_types::Credentials;
use nova_sonic_sim::{Simulator, policy::PolicyDocument};
use serde_json::json;

use crate::{
    raw::{self, RawStream, now},
    request::{Answer, Call, api_key, presigned_bearer_call},
    support::{LITE, ROLE, SONIC, simulator, sonic_only, user},
};

fn model_path(model: &str, operation: &str) -> String {
    format!("/model/{}/{operation}", model.replace(':', "%3A"))
}

/// Every decoy by name: of Bedrock on a text model, of STS, of IAM.
fn decoys() -> Vec<(&'static str, Call)> {
    let talk = |operation| Call::bedrock("POST", model_path(LITE, operation), "{}");
    let list_users =
        Call { body: "Action=ListUsers&Version=2010-05-08".to_owned(), service: "iam", ..Call::sts("", &[]) };
    vec![
        ("InvokeModel", talk("invoke")),
        ("InvokeModelWithResponseStream", talk("invoke-with-response-stream")),
        ("Converse", talk("converse")),
        ("ConverseStream", talk("converse-stream")),
        ("CountTokens", talk("count-tokens")),
        ("ListFoundationModels", Call::bedrock("GET", "/foundation-models", "")),
        ("GetFoundationModel", Call::bedrock("GET", "/foundation-models/amazon.nova-lite-v1%3A0", "")),
        ("ListUsers", list_users),
        ("AssumeRole", Call::sts("AssumeRole", &[("RoleArn", ROLE), ("RoleSessionName", "again")])),
        ("GetAccessKeyInfo", Call::sts("GetAccessKeyInfo", &[("AccessKeyId", "ASIAEXAMPLEEXAMPLE12")])),
    ]
}

/// Credentials of the role that may do everything, narrowed or not.
async fn assumed(simulator: &Simulator, policy: Option<&str>) -> Credentials {
    let mut parameters = vec![("RoleArn", ROLE), ("RoleSessionName", "ns-alice")];
    parameters.extend(policy.map(|policy| ("Policy", policy)));
    Call::sts("AssumeRole", &parameters).send(simulator, &user()).await.credentials()
}

fn is_denied(answer: &Answer) -> bool {
    let (status, code, _) = answer.refusal();
    status == 403 && code.starts_with("AccessDenied")
}

#[tokio::test]
async fn an_unbounded_session_reaches_every_decoy_and_a_scoped_one_none() {
    let simulator = simulator(|_| {}).await;
    let unbounded = assumed(&simulator, None).await;
    let scoped = assumed(&simulator, Some(&sonic_only())).await;
    for (name, decoy) in decoys() {
        let answer = decoy.send(&simulator, &unbounded).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let answer = decoy.send(&simulator, &scoped).await;
        assert!(is_denied(&answer), "{name}: {}", answer.text());
        assert!(answer.text().contains("with an explicit deny in a session policy"), "{name}");
    }
    // and a stream, it does reach
    raw::open(&simulator, &scoped).await;
    let other_calls = simulator.state().tally.other_calls;
    for name in ["InvokeModel", "Converse", "ListUsers"] {
        assert_eq!((other_calls[name].succeeded, other_calls[name].failed.len()), (1, 1), "{name}");
    }
}

#[tokio::test]
async fn each_decoy_takes_its_own_permission() {
    let allowed = |action: &str| {
        let json = format!(r#"{{"Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}"#);
        PolicyDocument::parse(&json).unwrap()
    };
    for (name, decoy) in decoys() {
        let action = match name {
            "Converse" => "bedrock:InvokeModel".to_owned(),
            "ConverseStream" => "bedrock:InvokeModelWithResponseStream".to_owned(),
            _ if decoy.service == "bedrock" => format!("bedrock:{name}"),
            _ => format!("{}:{name}", decoy.service),
        };
        let with = simulator(|config| config.access_keys[0].policy = Some(allowed(&action))).await;
        assert_eq!(decoy.send(&with, &user()).await.status, 200, "{name}");
        let without = simulator(|config| config.access_keys[0].policy = Some(allowed("s3:*"))).await;
        let (_, _, message) = decoy.send(&without, &user()).await.refusal();
        assert!(
            message.contains(&format!("is not authorized to perform: {action} on ")),
            "{name}: {message}"
        );
    }
}

#[tokio::test]
async fn speech_models_do_not_write_and_text_models_do_not_speak() {
    let simulator = simulator(|_| {}).await;
    for operation in ["invoke", "invoke-with-response-stream", "converse", "converse-stream"] {
        let call = Call::bedrock("POST", model_path(SONIC, operation), "{}");
        let (status, code, message) = call.send(&simulator, &user()).await.refusal();
        assert_eq!((status, code.as_str()), (400, "ValidationException"), "{operation}");
        assert!(message.starts_with("This action doesn't support the model"), "{message}");
    }
    let listed = Call::bedrock("GET", "/foundation-models", "").send(&simulator, &user()).await.json();
    let models = listed["modelSummaries"].as_array().unwrap();
    assert!(
        models.iter().any(|model| model["modelId"] == LITE && model["outputModalities"] == json!(["TEXT"]))
    );
    let bedrock = crate::support::bedrock(&simulator, user());
    let error = crate::support::open_whole(&bedrock, LITE).await.err().unwrap();
    assert!(error.to_string().contains("ValidationException"), "{error:?}");
}

#[tokio::test]
async fn an_api_key_made_of_a_scoped_session_is_refused() {
    let simulator = simulator(|_| {}).await;
    let (time, hour) = (now(&simulator), Duration::from_hours(1));
    let unbounded = assumed(&simulator, None).await;
    let scoped = assumed(&simulator, Some(&sonic_only())).await;
    let only_bearer =
        r#"{"Statement":{"Effect":"Allow","Action":"bedrock:CallWithBearerToken","Resource":"*"}}"#;
    let only_bearer = assumed(&simulator, Some(only_bearer)).await;
    let use_key = async |key: String| {
        let authorization = vec![("authorization", format!("Bearer {key}"))];
        let call = Call::bedrock("POST", model_path(LITE, "converse"), "{}");
        Call { headers: authorization, ..call }.send_bare(&simulator).await
    };
    let call = |credentials: &Credentials| presigned_bearer_call(credentials, "us-east-1", time, hour);

    assert_eq!(use_key(api_key(&call(&unbounded))).await.status, 200);
    for (name, credentials, action) in [
        ("scoped", &scoped, "bedrock:CallWithBearerToken"),
        ("bearer only", &only_bearer, "bedrock:InvokeModel"),
    ] {
        let answer = use_key(api_key(&call(credentials))).await;
        assert!(is_denied(&answer) && answer.text().contains(action), "{name}: {}", answer.text());
    }
    // the presigned call itself, sent as it is
    let send = async |credentials: &Credentials| {
        let host = "bedrock.amazonaws.com".to_owned();
        Call { host, ..Call::bedrock("POST", call(credentials), "") }.send_bare(&simulator).await
    };
    assert_eq!(send(&unbounded).await.status, 200);
    assert!(is_denied(&send(&scoped).await));

    for (name, key, code) in [
        ("no key at all", "secret".to_owned(), "AccessDeniedException"),
        ("no base64", "bedrock-api-key-***".to_owned(), "AccessDeniedException"),
        ("another call", api_key("/?Action=ListUsers"), "AccessDeniedException"),
        (
            "another region",
            api_key(&presigned_bearer_call(&unbounded, "eu-north-1", time, hour)),
            "InvalidSignatureException",
        ),
        ("forged", api_key(&call(&unbounded).replace("=3600", "=7200")), "InvalidSignatureException"),
        (
            "too old",
            api_key(&presigned_bearer_call(&unbounded, "us-east-1", time - hour, hour / 2)),
            "InvalidSignatureException",
        ),
    ] {
        let (status, seen, message) = use_key(key).await.refusal();
        assert_eq!((status, seen.as_str()), (403, code), "{name}: {message}");
    }
}

#[tokio::test]
async fn api_keys_open_no_stream() {
    let simulator = simulator(|_| {}).await;
    let key = api_key(&presigned_bearer_call(&user(), "us-east-1", now(&simulator), Duration::from_hours(1)));
    let request = http::Request::post(format!("{}{}", simulator.http_url(), raw::STREAM_PATH));
    let request = request.header("authorization", format!("Bearer {key}")).body(()).unwrap();
    let (status, code, message) = RawStream::send(&simulator, request, Vec::new()).await.refusal().await;
    assert_eq!((status, code.as_str()), (403, "AccessDeniedException"), "{message}");
}

#[tokio::test]
async fn everyone_may_ask_who_he_is_even_under_an_explicit_deny() {
    let simulator = simulator(|_| {}).await;
    let deny = r#"{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    let denied = assumed(&simulator, Some(deny)).await;
    let federated = Call::sts("GetFederationToken", &[("Name", "alice"), ("Policy", deny)]);
    let federated = federated.send(&simulator, &user()).await.credentials();
    for (credentials, arn) in [
        (denied, "arn:aws:sts::123456789012:assumed-role/nova-sonic-voice/ns-alice"),
        (federated, "arn:aws:sts::123456789012:federated-user/alice"),
    ] {
        let answer = Call::sts("GetCallerIdentity", &[]).send(&simulator, &credentials).await;
        assert_eq!(answer.element("Arn").as_deref(), Some(arn));
    }
}

#[tokio::test]
async fn each_kind_of_credential_is_closed_out_of_sts_as_aws_closes_it() {
    let simulator = simulator(|_| {}).await;
    let everything = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let role = assumed(&simulator, None).await;
    let federated = Call::sts("GetFederationToken", &[("Name", "alice"), ("Policy", everything)]);
    let federated = federated.send(&simulator, &user()).await.credentials();
    let session = Call::sts("GetSessionToken", &[]).send(&simulator, &user()).await.credentials();
    let [assume, federate, session_token, key_info, identity] = [
        Call::sts("AssumeRole", &[("RoleArn", ROLE), ("RoleSessionName", "again")]),
        Call::sts("GetFederationToken", &[("Name", "bob")]),
        Call::sts("GetSessionToken", &[]),
        Call::sts("GetAccessKeyInfo", &[("AccessKeyId", "ASIAEXAMPLEEXAMPLE12")]),
        Call::sts("GetCallerIdentity", &[]),
    ];
    let list_users =
        Call { body: "Action=ListUsers&Version=2010-05-08".to_owned(), service: "iam", ..identity.clone() };
    let invoke = Call::bedrock("POST", model_path(LITE, "invoke"), "{}");
    for (name, call, [by_role, by_federated, by_session]) in [
        ("AssumeRole", assume, [200, 403, 200]),
        ("GetFederationToken", federate, [403, 403, 403]),
        ("GetSessionToken", session_token, [403, 403, 403]),
        ("GetAccessKeyInfo", key_info, [200, 403, 403]),
        ("GetCallerIdentity", identity, [200, 200, 200]),
        ("ListUsers", list_users, [200, 403, 403]),
        ("InvokeModel", invoke, [200, 200, 200]),
    ] {
        for (credentials, status) in [(&role, by_role), (&federated, by_federated), (&session, by_session)] {
            let answer = call.send(&simulator, credentials).await;
            assert_eq!(answer.status, status, "{name}: {}", answer.text());
        }
    }
}
