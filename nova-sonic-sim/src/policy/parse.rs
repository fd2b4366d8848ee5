//! IAM's JSON, read strictly: what IAM would refuse is refused here, in its words where they are known.

use nova_sonic_core::error::ErrorCode;
use serde_json::{Map, Value};

use super::{
    condition::Condition,
    document::{Effect, PolicyDocument, Selector, Statement},
    pattern::Pattern,
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
        let value: Value = serde_json::from_str(json).map_err(|_| PolicyError::Syntax)?;
        let document = value.as_object().ok_or(PolicyError::Syntax)?;
        only_known(document, &["Version", "Id", "Statement"])?;
        match document.get("Version").map(Value::as_str) {
            None | Some(Some("2012-10-17" | "2008-10-17")) => {}
            Some(_) => return Err(PolicyError::Version),
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => {
                statements.iter().map(statement).collect::<Result<Vec<_>, _>>()?
            }
            Some(single) => vec![statement(single)?],
            None => return Err(PolicyError::Syntax),
        };
        if statements.is_empty() {
            return Err(PolicyError::Syntax);
        }
        Ok(Self { statements })
    }
}

fn statement(value: &Value) -> Result<Statement, PolicyError> {
    let object = value.as_object().ok_or(PolicyError::Syntax)?;
    if object.contains_key("Principal") || object.contains_key("NotPrincipal") {
        return Err(PolicyError::Principal);
    }
    only_known(object, &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"])?;
    let effect = match object.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(_) | None => return Err(PolicyError::Syntax),
    };
    let conditions = match object.get("Condition") {
        None => Vec::new(),
        Some(value) => conditions(value.as_object().ok_or(PolicyError::Syntax)?)?,
    };
    Ok(Statement {
        effect,
        action: selector(object, "Action", "NotAction", action)?,
        resource: selector(object, "Resource", "NotResource", resource)?,
        conditions,
    })
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
    let arn = text.starts_with("arn:") && text.split(':').count() >= 6;
    if text == "*" || arn {
        Ok(Pattern::exact_case(text))
    } else {
        Err(PolicyError::Resource(text.to_owned()))
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

fn only_known(object: &Map<String, Value>, known: &[&str]) -> Result<(), PolicyError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(PolicyError::Element(key.clone())),
        None => Ok(()),
    }
}
