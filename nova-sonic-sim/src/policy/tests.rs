use super::{Decision, PolicyDocument, PolicyError, Request, Trust, TrustPolicy, TrustedCaller};

const SONIC: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0";
const LITE: &str = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";

/// The session policy that this project ships.
const SCOPED: &str = r#"{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Action":["bedrock:InvokeModel","bedrock:InvokeModelWithBidirectionalStream"],
  "Resource":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0",
  "Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"},"Bool":{"aws:SecureTransport":"true"},
               "DateLessThan":{"aws:CurrentTime":"2026-11-22T13:15:00Z"}}},
 {"Effect":"Deny","NotAction":["bedrock:InvokeModel","bedrock:InvokeModelWithBidirectionalStream"],"Resource":"*"},
 {"Effect":"Deny","Action":"*","NotResource":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0"}]}"#;

fn request(action: &str, resource: &str) -> Request {
    Request::new(action, resource)
        .with("aws:RequestedRegion", "us-east-1")
        .with("aws:SecureTransport", "true")
        .with("aws:CurrentTime", "2026-11-22T13:02:48Z")
        .with("aws:SourceIp", "203.0.113.7")
}

#[test]
fn the_scoped_policy_opens_a_stream_and_nothing_else() {
    let policy = PolicyDocument::parse(SCOPED).unwrap();
    for (name, request, decision) in [
        ("stream", request("bedrock:InvokeModel", SONIC), Decision::Allow),
        ("case of action", request("Bedrock:invokeModel", SONIC), Decision::Allow),
        ("other model", request("bedrock:InvokeModel", LITE), Decision::Deny),
        ("response stream", request("bedrock:InvokeModelWithResponseStream", SONIC), Decision::Deny),
        ("bearer", request("bedrock:CallWithBearerToken", "*"), Decision::Deny),
        ("s3", request("s3:GetObject", "arn:aws:s3:::bucket/key"), Decision::Deny),
        (
            "other region",
            request("bedrock:InvokeModel", SONIC).with("aws:RequestedRegion", "us-west-2"),
            Decision::NoMatch,
        ),
        (
            "plain http",
            request("bedrock:InvokeModel", SONIC).with("aws:SecureTransport", "false"),
            Decision::NoMatch,
        ),
        (
            "on the dot",
            request("bedrock:InvokeModel", SONIC).with("aws:CurrentTime", "2026-11-22T13:15:00Z"),
            Decision::NoMatch,
        ),
        ("no context", Request::new("bedrock:InvokeModel", SONIC), Decision::NoMatch),
    ] {
        assert_eq!(policy.decide(&request), decision, "{name}");
    }
}

#[test]
fn conditions_hold_as_iam_says() {
    for (condition, holds) in [
        (r#"{"StringEquals":{"AWS:requestedregion":["eu-north-1","us-east-1"]}}"#, true),
        (r#"{"StringEquals":{"aws:RequestedRegion":"US-EAST-1"}}"#, false),
        (r#"{"StringEqualsIgnoreCase":{"aws:RequestedRegion":"US-EAST-1"}}"#, true),
        (r#"{"StringNotEquals":{"aws:RequestedRegion":["us-east-1","us-west-2"]}}"#, false),
        (r#"{"StringNotEquals":{"aws:Missing":"x"}}"#, true),
        (r#"{"StringLike":{"aws:RequestedRegion":"us-*"}}"#, true),
        (r#"{"StringLike":{"aws:RequestedRegion":"us-????-?"}}"#, true),
        (r#"{"StringNotLike":{"aws:RequestedRegion":"us-*"}}"#, false),
        (r#"{"StringEquals":{"aws:Missing":"x"}}"#, false),
        (r#"{"StringEqualsIfExists":{"aws:Missing":"x"}}"#, true),
        (r#"{"Bool":{"aws:SecureTransport":true}}"#, true),
        (r#"{"Bool":{"aws:SecureTransport":"false"}}"#, false),
        (r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11-22T13:02:47Z"}}"#, true),
        (r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-11-22T13:02:48Z"}}"#, false),
        (r#"{"DateLessThanEquals":{"aws:CurrentTime":"2026-11-22T14:02:48+01:00"}}"#, true),
        (r#"{"DateLessThan":{"aws:CurrentTime":"2026-11-23"}}"#, true),
        (r#"{"DateLessThan":{"aws:CurrentTime":"1795352569"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":["198.51.100.0/24","203.0.113.0/29"]}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"203.0.113.8/29"}}"#, false),
        (r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"::/0"}}"#, false),
        (r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.7"}}"#, false),
        (
            r#"{"StringEquals":{"aws:RequestedRegion":"us-east-1"},"Bool":{"aws:SecureTransport":"false"}}"#,
            false,
        ),
        (r#"{"StringEquals":{"aws:RequestedRegion":[]}}"#, false),
    ] {
        assert_eq!(
            with_condition("Allow", condition),
            if holds { Decision::Allow } else { Decision::NoMatch },
            "{condition}"
        );
        assert_eq!(
            with_condition("Deny", condition),
            if holds { Decision::Deny } else { Decision::NoMatch },
            "{condition}"
        );
    }
}

#[test]
fn what_cannot_be_judged_fails_closed() {
    for condition in [
        r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"60"}}"#,
        r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}"#,
        r#"{"Null":{"aws:TokenIssueTime":"true"}}"#,
        r#"{"StringEquals":{"aws:RequestedRegion":"${aws:PrincipalTag/region}"}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/40"}}"#,
    ] {
        assert_eq!(with_condition("Allow", condition), Decision::NoMatch, "{condition}");
        assert_eq!(with_condition("Deny", condition), Decision::Deny, "{condition}");
    }
}

fn with_condition(effect: &str, condition: &str) -> Decision {
    let json = format!(
        r#"{{"Statement":[{{"Effect":"{effect}","Action":"*","Resource":"*","Condition":{condition}}}]}}"#
    );
    PolicyDocument::parse(&json).unwrap().decide(&request("bedrock:InvokeModel", SONIC))
}

#[test]
fn malformed_documents_are_refused() {
    let statement = |rest: &str| format!(r#"{{"Statement":[{{"Effect":"Allow",{rest}}}]}}"#);
    for (json, error) in [
        (String::new(), PolicyError::Syntax),
        ("[]".to_owned(), PolicyError::Syntax),
        (r#"{"Version":"2012-10-17"}"#.to_owned(), PolicyError::Syntax),
        (r#"{"Statement":[]}"#.to_owned(), PolicyError::Syntax),
        (r#"{"Version":"2026-01-01","Statement":[]}"#.to_owned(), PolicyError::Version),
        (statement(r#""Action":"*""#), PolicyError::Syntax),
        (statement(r#""Action":"*","NotAction":"*","Resource":"*""#), PolicyError::Syntax),
        (statement(r#""Action":"*","Resource":"*","Principal":"*""#), PolicyError::Principal),
        (
            statement(r#""Action":"*","Resource":"*","Conditions":{}"#),
            PolicyError::Element("Conditions".to_owned()),
        ),
        (statement(r#""Action":"InvokeModel","Resource":"*""#), PolicyError::Action),
        (statement(r#""Action":"*","Resource":"my-model""#), PolicyError::Resource("my-model".to_owned())),
        (
            statement(r#""Action":"*","Resource":"*","Condition":{"StringIs":{"a":"b"}}"#),
            PolicyError::Operator("StringIs".to_owned()),
        ),
        (statement(r#""Action":7,"Resource":"*""#), PolicyError::Syntax),
        (statement(r#""Action":"*","Resource":"*","Sid":"a-b""#), PolicyError::StatementId),
        (
            format!(
                "{{\"Statement\":[{0},{0}]}}",
                r#"{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}"#
            ),
            PolicyError::RepeatedStatementId,
        ),
        (
            statement(r#""Action":"*","Resource":"arn:aws-mars:s3:::b""#),
            PolicyError::Partition("aws-mars".to_owned(), "arn:aws-mars:s3:::b".to_owned()),
        ),
    ] {
        assert_eq!(PolicyDocument::parse(&json), Err(error), "{json}");
    }
}

#[test]
fn trust_policies_name_principals_and_no_resources() {
    let statement = |rest: &str| format!(r#"{{"Statement":[{{"Effect":"Allow","Action":"sts:*"{rest}}}]}}"#);
    for (rest, error) in [
        ("", PolicyError::NoPrincipal),
        (r#","Principal":"*","Resource":"*""#, PolicyError::Prohibited("Resource")),
        (r#","Principal":"someone""#, PolicyError::Syntax),
        (r#","Principal":{"Azure":"x"}"#, PolicyError::Element("Azure".to_owned())),
        (r#","NotPrincipal":"*""#, PolicyError::Element("NotPrincipal".to_owned())),
    ] {
        assert_eq!(TrustPolicy::parse(&statement(rest)), Err(error), "{rest}");
    }
}

#[test]
fn a_trust_policy_denies_before_it_names_and_names_before_it_counts_the_account() {
    let [account, user] = ["123456789012", "arn:aws:iam::123456789012:user/backend"];
    let arns = [user.to_owned()];
    let caller = TrustedCaller { account, arns: &arns };
    let allow = |who: &str| {
        format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{who}"}}}}"#)
    };
    let deny =
        r#"{"Effect":"Deny","Action":"*","Principal":"*","Condition":{"Null":{"sts:ExternalId":"true"}}}"#;
    for (statements, trust) in [
        (allow(account), Trust::Account),
        (allow(user), Trust::Named),
        (format!("{},{}", allow(account), allow(user)), Trust::Named),
        // this condition cannot be judged, so it denies
        (format!("{},{deny}", allow(user)), Trust::Denied),
        (allow("arn:aws:iam::123456789012:user/back*"), Trust::Unmentioned),
        (allow("arn:aws:iam::210987654321:root"), Trust::Unmentioned),
    ] {
        let policy = TrustPolicy::parse(&format!(r#"{{"Statement":[{statements}]}}"#)).unwrap();
        let asked = Request::new("sts:AssumeRole", "arn:aws:iam::123456789012:role/voice");
        assert_eq!(policy.decide(caller, &asked), trust, "{statements}");
        assert_eq!(
            policy.decide(caller, &Request::new("sts:TagSession", "*")) == Trust::Denied,
            trust == Trust::Denied
        );
    }
}
