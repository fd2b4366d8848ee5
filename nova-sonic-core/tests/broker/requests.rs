//! What STS is asked, word for word; and what else may answer at its address.

use std::{collections::BTreeMap, time::Duration};

use nova_sonic_core::{error::ErrorCode, time::Timestamp};

use crate::{
    scripted::Scripted,
    stage::{ROLE, bare, patience, scope, subject, within},
};

/// 2026-11-22T13:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_795_352_400_000);

pub(crate) fn success(operation: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result><Credentials>\
         <AccessKeyId>ASIAEXAMPLEEXAMPLE00</AccessKeyId><SecretAccessKey>wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY</SecretAccessKey>\
         <SessionToken>token</SessionToken><Expiration>2026-11-22T13:15:00Z</Expiration></Credentials>\
         <PackedPolicySize>31</PackedPolicySize></{operation}Result></{operation}Response>"
    )
}

/// The form that a request carried.
fn form(request: &str) -> BTreeMap<String, String> {
    let body = request.split("\r\n\r\n").nth(1).unwrap();
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn a_role_is_assumed_with_policy_quarter_of_an_hour_and_hashed_name() {
    let sts = Scripted::start("200 OK", "", success("AssumeRole")).await;
    let broker = bare(&sts.url)
        .assume_role(ROLE)
        .external_id("story-player")
        .source_identity(true)
        .tag("team", "stories")
        .calendar(|| NOW);
    let broker = broker.build().await.unwrap();
    let issued = within(broker.issue(&subject("alice@example.com"))).await.unwrap();
    assert_eq!(issued.record.packed_policy_size, Some(31));
    let request = sts.requests().remove(0);
    let policy = scope().render(NOW, NOW.after(Duration::from_mins(15))).unwrap();
    let name = broker.subject_hash(&subject("alice@example.com"));
    let expected = [
        ("Action", "AssumeRole"),
        ("DurationSeconds", "900"),
        ("ExternalId", "story-player"),
        ("Policy", policy.as_str()),
        ("RoleArn", ROLE),
        ("RoleSessionName", name.as_str()),
        ("SourceIdentity", name.as_str()),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "stories"),
        ("Version", "2011-06-15"),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(form(&request), expected, "these and no others");
    assert!(policy.contains(r#""aws:CurrentTime":"2026-11-22T13:15:00Z""#), "{policy}");
    assert!(request.contains("/20261122/us-east-1/sts/aws4_request"), "the region of the scope");
    assert!(!request.contains("alice"), "nobody's name leaves the server");
}

#[tokio::test]
async fn a_federation_token_is_asked_for_with_the_same_bounds() {
    let sts = Scripted::start("200 OK", "", success("GetFederationToken")).await;
    let broker = bare(&sts.url).federation_token().calendar(|| NOW).build().await.unwrap();
    within(broker.issue(&subject("alice"))).await.unwrap();
    let form = form(&sts.requests().remove(0));
    let keys: Vec<_> = form.keys().map(String::as_str).collect();
    assert_eq!(keys, ["Action", "DurationSeconds", "Name", "Policy", "Version"]);
    assert_eq!((form["Action"].as_str(), form["DurationSeconds"].as_str()), ("GetFederationToken", "900"));
    assert!(form["Name"].len() <= 32 && form["Name"].starts_with("ns-"), "{}", form["Name"]);
}

#[tokio::test]
async fn issues_share_one_connection() {
    let sts = Scripted::start("200 OK", "", success("AssumeRole")).await;
    let broker = bare(&sts.url).assume_role(ROLE).calendar(|| NOW).build().await.unwrap();
    for number in 0..50 {
        within(broker.issue(&subject(&number.to_string()))).await.unwrap();
    }
    assert_eq!((sts.requests().len(), sts.connections()), (50, 1));
}

#[tokio::test]
async fn what_is_not_sts_is_not_believed() {
    let page = || "<html><body>Please log in</body></html>".to_owned();
    for (status, body, code) in [
        ("200 OK", page(), ErrorCode::StsAnswerInvalid),
        ("200 OK", String::new(), ErrorCode::StsAnswerInvalid),
        ("200 OK", success("GetCallerIdentity"), ErrorCode::StsAnswerInvalid),
        (
            "200 OK",
            success("AssumeRole").replace("ASIAEXAMPLEEXAMPLE00", "short"),
            ErrorCode::StsAnswerInvalid,
        ),
        (
            "200 OK",
            success("AssumeRole").replace("2026-11-22T13:15", "2026-11-22T14:15"),
            ErrorCode::StsAnswerInvalid,
        ),
        ("403 Forbidden", page(), ErrorCode::ServiceUnknown),
        ("502 Bad Gateway", page(), ErrorCode::ServiceFailed),
        ("503 Service Unavailable", page(), ErrorCode::ServiceUnavailable),
        ("429 Too Many Requests", String::new(), ErrorCode::StsThrottled),
    ] {
        let sts = Scripted::start(status, "", body).await;
        let patience = patience().attempts(1);
        let broker =
            bare(&sts.url).assume_role(ROLE).calendar(|| NOW).patience(patience).build().await.unwrap();
        let error = within(broker.issue(&subject("alice"))).await.unwrap_err();
        assert_eq!((error.code(), error.aws_name()), (code, None), "{status}: {error}");
        assert!(!format!("{error} {error:?}").contains("log in"), "{error:?}");
    }
}

#[tokio::test]
async fn a_wish_to_wait_is_passed_on() {
    let sts = Scripted::start("503 Slow Down", "retry-after: 7\r\n", String::new()).await;
    let patience = patience().total(Duration::from_secs(5));
    let broker = bare(&sts.url).assume_role(ROLE).calendar(|| NOW).patience(patience).build().await.unwrap();
    let error = within(broker.issue(&subject("alice"))).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(sts.requests().len(), 1, "seven seconds are more than there is to wait");
}
