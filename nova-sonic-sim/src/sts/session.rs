//! What `AssumeRole` and `GetFederationToken` share: session policy, tags, and their packed size.

use std::collections::HashSet;

use super::{
    constraint::{Alphabet, Constraints},
    error::StsError,
    parameters::Parameters,
};
use crate::{auth::Tag, policy::PolicyDocument};

/// Longest inline policy, in characters; managed ones count in.
const POLICY_LIMIT: usize = 2048;
const POLICY_ARN_LIMIT: usize = 10;
const TAG_LIMIT: usize = 50;
/// Length of a token that carries nothing of the caller's, in bytes; AWS says only that none may be assumed.
pub(super) const TOKEN_BYTES: usize = 700;
/// Longest token, in bytes, which `SessionTokenUtilization` is a share of.
pub(super) const TOKEN_LIMIT: usize = 4096;

/// The parameters that narrow a session.
#[derive(Debug)]
pub(super) struct SessionScope<'a> {
    policy: Option<&'a str>,
    policy_arns: Vec<&'a str>,
    pub(super) tags: Vec<Tag>,
    least_token_bytes: usize,
}

impl<'a> SessionScope<'a> {
    /// Reads and measures them; the policy itself is read later, as STS reports its errors last.
    pub(super) fn read(parameters: &'a Parameters, constraints: &mut Constraints) -> Self {
        let policy = parameters.get("Policy");
        if let Some(policy) = policy {
            constraints.text("policy", policy, 1..=POLICY_LIMIT, Alphabet::Policy);
        }
        let policy_arns = parameters.list("PolicyArns", ".arn");
        constraints.count("policyArns", policy_arns.len(), POLICY_ARN_LIMIT);
        for (index, arn) in policy_arns.iter().enumerate() {
            constraints.text(&format!("policyArns.{}.member.arn", index + 1), arn, 20..=2048, Alphabet::Arn);
        }
        let keys = parameters.list("Tags", ".Key");
        let values = parameters.list("Tags", ".Value");
        constraints.count("tags", keys.len(), TAG_LIMIT);
        for (index, key) in keys.iter().enumerate() {
            constraints.text(&format!("tags.{}.member.key", index + 1), key, 1..=128, Alphabet::Tag);
            let value = values.get(index).copied();
            let field = format!("tags.{}.member.value", index + 1);
            let value = constraints.required(&field, value);
            constraints.text(&field, value, 0..=256, Alphabet::Tag);
        }
        let tags =
            keys.iter().zip(&values).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let least = constraints.number(
            "minimumSessionTokenSize",
            parameters.get("MinimumSessionTokenSize"),
            0..=4096,
            0,
        );
        Self { policy, policy_arns, tags, least_token_bytes: usize::try_from(least).unwrap_or(0) }
    }

    /// How long the token is to be, in bytes: it carries what narrows the session, and can be asked to be longer.
    pub(super) fn token_bytes(&self) -> usize {
        self.least_token_bytes.max(TOKEN_BYTES + self.packed_bytes() / 2)
    }

    /// The session policies, and how full the packed form is, in percent.
    ///
    /// `None` when no policy was given at all. Managed policies are not known here: they are counted and grant
    /// nothing. AWS packs by a method that it keeps to itself; here the limit is 2048 bytes of policy without
    /// white space and tags together.
    pub(super) fn policies(&self) -> Result<(Option<Vec<PolicyDocument>>, usize), StsError> {
        let mut seen = HashSet::new();
        if !self.tags.iter().all(|(key, _)| seen.insert(key.to_lowercase())) {
            let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(StsError::new("InvalidParameterValue", text));
        }
        if self.tags.iter().any(|(key, _)| key.to_lowercase().starts_with("aws:")) {
            let text = "Tag keys with the prefix aws: are reserved for use by AWS.";
            return Err(StsError::new("InvalidParameterValue", text));
        }
        let documents = self.policy.map(PolicyDocument::parse).transpose()?;
        let given = documents.is_some() || !self.policy_arns.is_empty();
        let packed = self.packed_bytes() * 100;
        let percent = packed.div_ceil(POLICY_LIMIT);
        if percent > 100 {
            let text =
                format!("Packed size of session policies and tags consumes {percent}% of allotted space.");
            return Err(StsError::new("PackedPolicyTooLarge", text));
        }
        Ok((given.then(|| documents.into_iter().collect()), percent))
    }

    fn packed_bytes(&self) -> usize {
        let minified = self.policy.and_then(|policy| serde_json::from_str::<serde_json::Value>(policy).ok());
        let policy = minified.map_or(0, |policy| policy.to_string().len());
        let arns: usize = self.policy_arns.iter().map(|arn| arn.len()).sum();
        let tags: usize = self.tags.iter().map(|(key, value)| key.len() + value.len()).sum();
        policy + arns + tags
    }
}
