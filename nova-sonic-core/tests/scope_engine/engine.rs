//! iam-rs, asked in the words of the tests.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use iam_rs::{Arn, Context, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use serde_json::json;

use crate::expected::{Question, Verdict};

pub(crate) struct Engine {
    session: PolicyEvaluator,
    /// The session policy, and a resource's own policy that allows everything.
    with_generous_resource: PolicyEvaluator,
}

impl Engine {
    pub(crate) fn new(policy: &str) -> Self {
        let session = IAMPolicy::from_json(policy).unwrap();
        let generous = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }],
        });
        let generous = IAMPolicy::from_json(&generous.to_string()).unwrap();
        Self {
            session: PolicyEvaluator::with_policies(vec![session.clone()]),
            with_generous_resource: PolicyEvaluator::with_policies(vec![generous, session]),
        }
    }

    /// Asks with and without the generous policy: only an explicit denial withstands that.
    pub(crate) fn verdict(&self, asked: &Question) -> Verdict {
        let mut context = Context::new();
        if let Some(region) = &asked.requested_region {
            context = context.with_string("aws:RequestedRegion", region);
        }
        if let Some(over_tls) = asked.over_tls {
            context = context.with_boolean("aws:SecureTransport", over_tls);
        }
        if let Some(at) = asked.at {
            context = context.with_string("aws:CurrentTime", at.to_string());
        }
        if let Some(from) = asked.from {
            context = context.with_string("aws:SourceIp", from.to_string());
        }
        if let Some(profile) = &asked.through_profile {
            context = context.with_string("bedrock:InferenceProfileArn", profile);
        }
        let session = "arn:aws:sts::123456789012:assumed-role/voice/ns-example".to_owned();
        let request = IAMRequest::new_with_context(
            Principal::Aws(PrincipalId::String(session)),
            asked.action.as_str(),
            Arn::parse(&asked.resource).unwrap(),
            context,
        );
        let generous = self.with_generous_resource.evaluate(&request).unwrap().decision;
        match (self.session.evaluate(&request).unwrap().decision, generous) {
            (Decision::Allow, Decision::Allow) => Verdict::Allowed,
            (Decision::Deny, Decision::Deny) => Verdict::Denied,
            (Decision::NotApplicable, Decision::Allow) => Verdict::NotAllowed,
            other => panic!("{other:?} for {asked:?}"),
        }
    }
}
