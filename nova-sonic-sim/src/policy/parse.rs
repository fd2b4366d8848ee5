//! IAM's JSON, read strictly: what IAM would refuse is refused here, in its words where they are known.

use std::collections::HashSet;

use nova_sonic_core::error::ErrorCode;
use serde_json::{Map, Value};

use super::{
    condition::Condition,
    document::{Effect, PolicyDocument, Selector, Statement},
    pattern::Pattern,
    trust::{TrustPolicy, TrustStatement},
};

/// Why a policy document is malformed; the texts are those of `MalformedPolicyDocument` where they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It is no JSON object, or lacks its parts.
    #[error("Syntax errors in policy.")]
    Syntax,
    /// A version other than `2012-10-17` and `2008-10-17`.
    #[error("The policy version is not valid.")]
    Version,
    /// A session or identity policy that names a principal.
    #[error("Policy document should not specify a principal.")]
    Principal,
    /// A trust policy that names no principal.
    #[error("Missing required field Principal")]
    NoPrincipal,
    /// An element that a trust policy may not have.
    #[error("Has prohibited field {0}")]
    Prohibited(&'static str),
    /// A statement id with other characters than letters and digits.
    #[error(
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    )]
    StatementId,
    /// A statement id that comes twice.
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    RepeatedStatementId,
    /// A resource of a partition that AWS does not have.
    #[error("Partition \"{0}\" is not valid for resource \"{1}\".")]
    Partition(String, String),
    /// An element that policies do not have, or have only once.
    #[error("Syntax errors in policy.: unexpected element {0}")]
    Element(String),
    /// An action that is not `service:Name`.
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    Action,
    /// A resource that is neither an ARN nor `*`.
    #[error("Resource {0} must be in ARN format or \"*\".")]
    Resource(String),
    /// A condition operator that IAM does not have.
    #[error("Invalid Condition type : {0}.")]
    Operator(String),
}

impl PolicyError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::ConfigurationInvalid
    }
}

impl PolicyDocument {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`] says what is malformed, as `MalformedPolicyDocument` does.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        Ok(Self { statements: statements(json)?.iter().map(permission).collect::<Result<_, _>>()? })
    }
}

impl TrustPolicy {
    /// Reads a trust policy: its statements name principals, and no resources.
    ///
    /// # Errors
    /// [`PolicyError`] says what is malformed, as `MalformedPolicyDocument` does.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        Ok(Self { statements: statements(json)?.iter().map(trust).collect::<Result<_, _>>()? })
    }
}

/// The statements of a document, each an object.
fn statements(json: &str) -> Result<Vec<Map<String, Value>>, PolicyError> {
    let value: Value = serde_json::from_str(json).map_err(|_| PolicyError::Syntax)?;
    let Value::Object(mut document) = value else { return Err(PolicyError::Syntax) };
    only_known(&document, &["Version", "Id", "Statement"])?;
    match document.get("Version").map(Value::as_str) {
        None | Some(Some("2012-10-17" | "2008-10-17")) => {}
        Some(_) => return Err(PolicyError::Version),
    }
    let statements = match document.remove("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(single) => vec![single],
        None => return Err(PolicyError::Syntax),
    };
    let objects = statements.into_iter().map(|statement| {
        if let Value::Object(statement) = statement { Ok(statement) } else { Err(PolicyError::Syntax) }
    });
    let objects = objects.collect::<Result<Vec<_>, _>>()?;
    if objects.is_empty() {
        return Err(PolicyError::Syntax);
    }
    check_ids(&objects)?;
    Ok(objects)
}

/// Statement ids hold letters and digits only, and none comes twice.
fn check_ids(statements: &[Map<String, Value>]) -> Result<(), PolicyError> {
    let mut seen = HashSet::new();
    for id in statements.iter().filter_map(|statement| statement.get("Sid")) {
        let id = id.as_str().ok_or(PolicyError::Syntax)?;
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(PolicyError::StatementId);
        }
        if !id.is_empty() && !seen.insert(id) {
            return Err(PolicyError::RepeatedStatementId);
        }
    }
    Ok(())
}

fn permission(object: &Map<String, Value>) -> Result<Statement, PolicyError> {
    if object.contains_key("Principal") || object.contains_key("NotPrincipal") {
        return Err(PolicyError::Principal);
    }
    only_known(object, &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"])?;
    statement(object, selector(object, "Resource", "NotResource", resource)?)
}

fn trust(object: &Map<String, Value>) -> Result<TrustStatement, PolicyError> {
    for prohibited in ["Resource", "NotResource"] {
        if object.contains_key(prohibited) {
            return Err(PolicyError::Prohibited(prohibited));
        }
    }
    only_known(object, &["Sid", "Effect", "Principal", "Action", "NotAction", "Condition"])?;
    let principals = match object.get("Principal").ok_or(PolicyError::NoPrincipal)? {
        Value::String(anyone) if anyone == "*" => vec![anyone.clone()],
        Value::Object(kinds) => {
            only_known(kinds, &["AWS", "Service", "Federated", "CanonicalUser"])?;
            kinds.get("AWS").map_or(Ok(Vec::new()), texts)?
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(PolicyError::Syntax);
        }
    };
    Ok(TrustStatement { principals, statement: statement(object, Selector::NoneOf(Vec::new()))? })
}

fn statement(object: &Map<String, Value>, resource: Selector) -> Result<Statement, PolicyError> {
    let effect = match object.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(_) | None => return Err(PolicyError::Syntax),
    };
    let conditions = match object.get("Condition") {
        None => Vec::new(),
        Some(value) => conditions(value.as_object().ok_or(PolicyError::Syntax)?)?,
    };
    Ok(Statement { effect, action: selector(object, "Action", "NotAction", action)?, resource, conditions })
}

fn selector(
    statement: &Map<String, Value>,
    positive: &str,
    negative: &str,
    read: fn(&str) -> Result<Pattern, PolicyError>,
) -> Result<Selector, PolicyError> {
    let patterns = |value: &Value| {
        let patterns = texts(value)?.iter().map(|text| read(text)).collect::<Result<Vec<_>, _>>()?;
        if patterns.is_empty() { Err(PolicyError::Syntax) } else { Ok(patterns) }
    };
    match (statement.get(positive), statement.get(negative)) {
        (Some(value), None) => Ok(Selector::AnyOf(patterns(value)?)),
        (None, Some(value)) => Ok(Selector::NoneOf(patterns(value)?)),
        (Some(_), Some(_)) | (None, None) => Err(PolicyError::Syntax),
    }
}

fn action(text: &str) -> Result<Pattern, PolicyError> {
    let named = text.split_once(':').is_some_and(|(vendor, name)| !vendor.is_empty() && !name.is_empty());
    if text == "*" || named { Ok(Pattern::any_case(text)) } else { Err(PolicyError::Action) }
}

fn resource(text: &str) -> Result<Pattern, PolicyError> {
    if text == "*" {
        return Ok(Pattern::exact_case(text));
    }
    let mut parts = text.split(':');
    let partition = parts.next().filter(|scheme| *scheme == "arn").and_then(|_| parts.next());
    match partition {
        Some(partition) if parts.count() >= 4 => {
            let known = partition.contains(['*', '?']) || PARTITIONS.contains(&partition);
            let wrong = || PolicyError::Partition(partition.to_owned(), text.to_owned());
            if known { Ok(Pattern::exact_case(text)) } else { Err(wrong()) }
        }
        Some(_) | None => Err(PolicyError::Resource(text.to_owned())),
    }
}

fn conditions(operators: &Map<String, Value>) -> Result<Vec<Condition>, PolicyError> {
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().ok_or(PolicyError::Syntax)? {
            let condition = Condition::new(operator, key, condition_values(values)?);
            conditions.push(condition.ok_or_else(|| PolicyError::Operator(operator.clone()))?);
        }
    }
    Ok(conditions)
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(PolicyError::Syntax);
    value.as_array().map_or_else(|| Ok(vec![text(value)?]), |values| values.iter().map(text).collect())
}

/// As [`texts`], but IAM also takes bare truth values and numbers here.
fn condition_values(value: &Value) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(PolicyError::Syntax),
    };
    value.as_array().map_or_else(|| Ok(vec![text(value)?]), |values| values.iter().map(text).collect())
}

/// Source: botocore's `partitions.json`.
const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov"];

fn only_known(object: &Map<String, Value>, known: &[&str]) -> Result<(), PolicyError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(PolicyError::Element(key.clone())),
        None => Ok(()),
    }
}
