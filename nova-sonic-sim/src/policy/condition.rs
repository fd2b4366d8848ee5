//! Conditions of a statement: an operator, a context key, and the values it is compared with.

use std::net::IpAddr;

use aws_smithy_types::{DateTime, date_time::Format};

use super::pattern::fits;

/// One line of a `Condition` block.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    operator: Operator,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

/// How a context value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    StringEquals {
        negated: bool,
        fold_case: bool,
    },
    StringLike {
        negated: bool,
    },
    Bool,
    Date(DateComparison),
    IpAddress {
        negated: bool,
    },
    /// IAM has it, this evaluator does not judge it.
    Unjudged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DateComparison {
    Before,
    NotAfter,
    After,
    NotBefore,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// Cannot be judged: to be taken as whichever is the less permissive.
    Unknown,
}

impl Condition {
    /// `None` when IAM has no such operator.
    pub(super) fn new(operator: &str, key: &str, values: Vec<String>) -> Option<Self> {
        let (name, if_exists) =
            operator.strip_suffix("IfExists").map_or((operator, false), |name| (name, true));
        let operator = match name {
            "StringEquals" => Operator::StringEquals { negated: false, fold_case: false },
            "StringNotEquals" => Operator::StringEquals { negated: true, fold_case: false },
            "StringEqualsIgnoreCase" => Operator::StringEquals { negated: false, fold_case: true },
            "StringNotEqualsIgnoreCase" => Operator::StringEquals { negated: true, fold_case: true },
            "StringLike" => Operator::StringLike { negated: false },
            "StringNotLike" => Operator::StringLike { negated: true },
            "Bool" => Operator::Bool,
            "DateLessThan" => Operator::Date(DateComparison::Before),
            "DateLessThanEquals" => Operator::Date(DateComparison::NotAfter),
            "DateGreaterThan" => Operator::Date(DateComparison::After),
            "DateGreaterThanEquals" => Operator::Date(DateComparison::NotBefore),
            "IpAddress" => Operator::IpAddress { negated: false },
            "NotIpAddress" => Operator::IpAddress { negated: true },
            _ if is_other_iam_operator(name) => Operator::Unjudged,
            _ => return None,
        };
        Some(Self { operator, if_exists, key: key.to_owned(), values })
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether the condition holds for the context's value of its key.
    pub(super) fn holds(&self, actual: Option<&str>) -> Holds {
        if self.operator == Operator::Unjudged || self.values.iter().any(|value| value.contains("${")) {
            return Holds::Unknown;
        }
        let negated = match self.operator {
            Operator::StringEquals { negated, .. }
            | Operator::StringLike { negated }
            | Operator::IpAddress { negated } => negated,
            Operator::Bool | Operator::Date(_) | Operator::Unjudged => false,
        };
        let Some(actual) = actual else {
            return if self.if_exists || negated { Holds::Yes } else { Holds::No };
        };
        let mut any = Holds::No;
        for value in &self.values {
            match self.matches(actual, value) {
                Some(true) => any = Holds::Yes,
                Some(false) => {}
                None => return Holds::Unknown,
            }
        }
        match (any, negated) {
            (Holds::Yes, true) => Holds::No,
            (Holds::No, true) => Holds::Yes,
            (any, _) => any,
        }
    }

    /// Whether one value matches, before negation; `None` when either side cannot be read.
    fn matches(&self, actual: &str, value: &str) -> Option<bool> {
        match self.operator {
            Operator::StringEquals { fold_case: true, .. } => {
                Some(actual.to_lowercase() == value.to_lowercase())
            }
            Operator::StringEquals { fold_case: false, .. } => Some(actual == value),
            Operator::StringLike { .. } => Some(fits(value, actual)),
            Operator::Bool => Some(actual.eq_ignore_ascii_case(value)),
            Operator::Date(comparison) => {
                let (actual, value) = (moment(actual)?, moment(value)?);
                Some(match comparison {
                    DateComparison::Before => actual < value,
                    DateComparison::NotAfter => actual <= value,
                    DateComparison::After => actual > value,
                    DateComparison::NotBefore => actual >= value,
                })
            }
            Operator::IpAddress { .. } => in_network(actual.parse().ok()?, value),
            Operator::Unjudged => None,
        }
    }
}

/// Operators of IAM's list that this evaluator does not judge.
fn is_other_iam_operator(name: &str) -> bool {
    let bare = name.strip_prefix("ForAllValues:").or_else(|| name.strip_prefix("ForAnyValue:"));
    if let Some(bare) = bare {
        return Condition::new(bare, "", Vec::new()).is_some();
    }
    let families = [
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
    ];
    let others =
        ["NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "BinaryEquals", "ArnEquals", "ArnLike"];
    let last = ["ArnNotEquals", "ArnNotLike", "Null"];
    families.contains(&name) || others.contains(&name) || last.contains(&name)
}

/// A moment as IAM writes it: RFC 3339, a bare date, or seconds since 1970.
fn moment(text: &str) -> Option<DateTime> {
    if let Ok(seconds) = text.parse() {
        return Some(DateTime::from_secs(seconds));
    }
    let midnight = (text.len() == 10).then(|| format!("{text}T00:00:00Z"));
    DateTime::from_str(midnight.as_deref().unwrap_or(text), Format::DateTimeWithOffset).ok()
}

/// Whether an address lies in a network such as `203.0.113.0/24`; `None` when that is no network.
fn in_network(address: IpAddr, network: &str) -> Option<bool> {
    let (base, length) =
        network.split_once('/').map_or((network, None), |(base, length)| (base, Some(length)));
    let base: IpAddr = base.parse().ok()?;
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let ((actual, width), (wanted, wanted_width)) = (bits(address.to_canonical()), bits(base));
    let length: u32 = length.map_or(Ok(wanted_width), str::parse).ok()?;
    if length > wanted_width {
        return None;
    }
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Some(width == wanted_width && actual & mask == wanted & mask)
}
