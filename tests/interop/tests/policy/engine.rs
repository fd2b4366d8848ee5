//! The engines that judge here. The role of the session may do everything, so a session policy alone decides.

use iam_rs::{Arn, ContextValue, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use nova_sonic_sim::policy::{Decision, PolicyDocument, Request};

use crate::forms::Context;

/// What a policy says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    /// Denied by a statement, whatever anything else allows.
    Denied,
    /// Allowed by no statement.
    NotAllowed,
}

impl Verdict {
    /// The letter that stands for it where verdicts are compared.
    pub(crate) const fn letter(self) -> u8 {
        match self {
            Self::Allowed => b'A',
            Self::Denied => b'D',
            Self::NotAllowed => b'N',
        }
    }
}

/// Something that judges requests by a policy.
pub(crate) trait Engine: Sized {
    const NAME: &'static str;

    fn new(policy: &str) -> Self;
    fn judge(&self, action: &str, resource: &str, context: &Context) -> Verdict;
}

/// The simulator's own engine, which also lets streams in.
pub(crate) struct Simulator(PolicyDocument);

impl Engine for Simulator {
    const NAME: &'static str = "the simulator";

    fn new(policy: &str) -> Self {
        Self(PolicyDocument::parse(policy).expect("a policy"))
    }

    fn judge(&self, action: &str, resource: &str, context: &Context) -> Verdict {
        let request = Request::new(action, resource);
        let request = context.iter().fold(request, |request, (key, value)| request.with(key, value.clone()));
        match self.0.decide(&request) {
            Decision::Allow => Verdict::Allowed,
            Decision::Deny => Verdict::Denied,
            Decision::NoMatch => Verdict::NotAllowed,
            other => panic!("unknown decision {other:?}"),
        }
    }
}

/// The crate iam-rs.
pub(crate) struct IamRs(PolicyEvaluator);

impl Engine for IamRs {
    const NAME: &'static str = "iam-rs";

    fn new(policy: &str) -> Self {
        let policy: IAMPolicy = serde_json::from_str(policy).expect("a policy");
        Self(PolicyEvaluator::with_policies(vec![policy]))
    }

    fn judge(&self, action: &str, resource: &str, context: &Context) -> Verdict {
        let user = "arn:aws:sts::123456789012:assumed-role/voice/ns-child-7".to_owned();
        let mut request =
            IAMRequest::new(Principal::Aws(PrincipalId::String(user)), action, arn(action, resource));
        for (key, value) in context {
            // to this engine a text is not a truth value
            let value =
                value.parse().map_or_else(|_| ContextValue::String(value.clone()), ContextValue::Boolean);
            request.context.data.insert(key.clone(), value);
        }
        match self.0.evaluate(&request).expect("a legal request").decision {
            iam_rs::Decision::Allow => Verdict::Allowed,
            iam_rs::Decision::Deny => Verdict::Denied,
            iam_rs::Decision::NotApplicable => Verdict::NotAllowed,
        }
    }
}

/// iam-rs takes ARNs only: what is asked of `*` is asked of everything that the action's service has.
fn arn(action: &str, resource: &str) -> Arn {
    if resource == "*" {
        let service = action.split(':').next().unwrap_or_default();
        return Arn::parse(&format!("arn:aws:{service}:us-east-1:123456789012:*")).expect("an ARN");
    }
    Arn::parse(resource).expect("an ARN")
}
