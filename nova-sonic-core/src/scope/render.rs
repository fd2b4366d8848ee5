//! A scope as IAM writes it: the only file that knows the JSON of a policy.

use serde::Serialize;

use super::{Cidr, InferenceProfile, ModelId, Region};
use crate::time::Timestamp;

/// AWS documents this action for the operation. Source: API reference, `InvokeModelWithBidirectionalStream`.
const DOCUMENTED_ACTION: &str = "bedrock:InvokeModel";
/// The action of the operation's own name, which IAM's catalogue does not have (yet).
const NAMED_ACTION: &str = "bedrock:InvokeModelWithBidirectionalStream";

/// What a policy says, checked.
pub(super) struct Rules<'a> {
    pub(super) region: &'a Region,
    pub(super) models: &'a [ModelId],
    pub(super) any_model: bool,
    pub(super) source_cidrs: &'a [Cidr],
    pub(super) inference_profile: Option<&'a InferenceProfile>,
    pub(super) closes: Timestamp,
    pub(super) documented_action_only: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy<'a> {
    version: &'static str,
    statement: Vec<Statement<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Statement<'a> {
    #[serde(rename_all = "PascalCase")]
    Allow { effect: &'static str, action: &'a Texts, resource: &'a Texts, condition: Condition<'a> },
    #[serde(rename_all = "PascalCase")]
    DenyOtherActions { effect: &'static str, not_action: &'a Texts, resource: &'static str },
    #[serde(rename_all = "PascalCase")]
    DenyOtherResources { effect: &'static str, action: &'static str, not_resource: &'a Texts },
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Condition<'a> {
    string_equals: StringEquals<'a>,
    bool: SecureTransport,
    date_less_than: CurrentTime<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<SourceIp<'a>>,
}

#[derive(Serialize)]
struct StringEquals<'a> {
    #[serde(rename = "aws:RequestedRegion")]
    requested_region: &'a Texts,
    #[serde(rename = "bedrock:InferenceProfileArn", skip_serializing_if = "Option::is_none")]
    inference_profile_arn: Option<&'a str>,
}

#[derive(Serialize)]
struct SecureTransport {
    #[serde(rename = "aws:SecureTransport")]
    secure_transport: &'static str,
}

#[derive(Serialize)]
struct CurrentTime<'a> {
    #[serde(rename = "aws:CurrentTime")]
    current_time: &'a str,
}

#[derive(Serialize)]
struct SourceIp<'a> {
    #[serde(rename = "aws:SourceIp")]
    source_ip: &'a Texts,
}

/// One text, or a list of them: IAM takes a list of one as well, but every character counts.
#[derive(Serialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl FromIterator<String> for Texts {
    fn from_iter<T: IntoIterator<Item = String>>(texts: T) -> Self {
        let mut texts: Vec<String> = texts.into_iter().collect();
        match (texts.len(), texts.pop()) {
            (1, Some(only)) => Self::One(only),
            (_, last) => {
                texts.extend(last);
                Self::Several(texts)
            }
        }
    }
}

/// The session policy, minified.
pub(super) fn session_policy(rules: &Rules<'_>) -> String {
    let actions: Texts = if rules.documented_action_only {
        Texts::One(DOCUMENTED_ACTION.to_owned())
    } else {
        [DOCUMENTED_ACTION, NAMED_ACTION].map(str::to_owned).into_iter().collect()
    };
    let profile = rules.inference_profile.map(|profile| Profile::of(rules.region, profile));
    let own = own_arns(rules, profile.as_ref());
    let everything: Texts = match &profile {
        None => own.iter().cloned().collect(),
        Some(profile) => {
            let others = profile.model_arns.iter().filter(|arn| !own.contains(arn));
            own.iter().chain(others).cloned().collect()
        }
    };
    let own: Texts = own.into_iter().collect();
    let region = Texts::One(rules.region.as_str().to_owned());
    let closes = rules.closes.to_string();
    let networks: Option<Texts> =
        (!rules.source_cidrs.is_empty()).then(|| rules.source_cidrs.iter().map(Cidr::to_string).collect());
    let condition = |string_equals| Condition {
        string_equals,
        bool: SecureTransport { secure_transport: "true" },
        date_less_than: CurrentTime { current_time: &closes },
        ip_address: networks.as_ref().map(|source_ip| SourceIp { source_ip }),
    };

    let mut statement = vec![Statement::Allow {
        effect: "Allow",
        action: &actions,
        resource: &own,
        condition: condition(StringEquals { requested_region: &region, inference_profile_arn: None }),
    }];
    if let Some(profile) = &profile {
        statement.push(Statement::Allow {
            effect: "Allow",
            action: &actions,
            resource: &profile.models,
            condition: condition(StringEquals {
                requested_region: &profile.regions,
                inference_profile_arn: Some(&profile.arn),
            }),
        });
    }
    statement.push(Statement::DenyOtherActions { effect: "Deny", not_action: &actions, resource: "*" });
    statement.push(Statement::DenyOtherResources { effect: "Deny", action: "*", not_resource: &everything });
    let Ok(json) = serde_json::to_string(&Policy { version: "2012-10-17", statement }) else {
        unreachable!("texts under fixed names are JSON")
    };
    json
}

/// What may be invoked in the scope's own region.
fn own_arns(rules: &Rules<'_>, profile: Option<&Profile>) -> Vec<String> {
    let models = if rules.any_model {
        vec![model_arn(rules.region, "*")]
    } else {
        rules.models.iter().map(|model| model_arn(rules.region, model.as_str())).collect()
    };
    models.into_iter().chain(profile.map(|profile| profile.arn.clone())).collect()
}

/// A profile's ARN, and those of its model in every region that it routes to.
struct Profile {
    arn: String,
    model_arns: Vec<String>,
    models: Texts,
    regions: Texts,
}

impl Profile {
    fn of(region: &Region, profile: &InferenceProfile) -> Self {
        let (partition, account, id) = (region.partition(), profile.account(), profile.id());
        let model_arns: Vec<String> =
            profile.members().iter().map(|member| model_arn(member, profile.model().as_str())).collect();
        Self {
            arn: format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{id}"),
            models: model_arns.iter().cloned().collect(),
            model_arns,
            regions: profile.members().iter().map(|member| member.as_str().to_owned()).collect(),
        }
    }
}

/// Foundation models belong to no account. Source: Service Authorization Reference, "Amazon Bedrock".
fn model_arn(region: &Region, model: &str) -> String {
    format!("arn:{}:bedrock:{region}::foundation-model/{model}", region.partition())
}
