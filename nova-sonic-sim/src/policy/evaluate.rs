//! The decision of one policy about one request.

use std::collections::BTreeMap;

use super::{
    condition::Holds,
    document::{Effect, PolicyDocument, Statement},
};

/// What is asked: an action on a resource, in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    action: String,
    resource: String,
    context: BTreeMap<String, String>,
}

impl Request {
    /// A request with an empty context.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: BTreeMap::new() }
    }

    /// The request with one context key more, for example `aws:SourceIp`; keys know no case.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.insert(key.to_lowercase(), value.into());
        self
    }

    /// The action that is asked for.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The ARN that it is asked on.
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

/// What one policy says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allow,
    /// A statement denies it, whatever others allow.
    Deny,
    /// No statement applies: denied, unless another policy of the same kind allows it.
    NoMatch,
}

impl PolicyDocument {
    /// What this policy says; an explicit deny comes first.
    pub fn decide(&self, request: &Request) -> Decision {
        let applies = |effect: Effect| {
            self.statements
                .iter()
                .filter(move |statement| statement.effect == effect)
                .map(|statement| statement.applies(request))
        };
        // what cannot be judged denies, and does not allow
        if applies(Effect::Deny).any(|holds| holds != Holds::No) {
            Decision::Deny
        } else if applies(Effect::Allow).any(|holds| holds == Holds::Yes) {
            Decision::Allow
        } else {
            Decision::NoMatch
        }
    }
}

impl Statement {
    pub(super) fn applies(&self, request: &Request) -> Holds {
        if !self.action.selects(&request.action) || !self.resource.selects(&request.resource) {
            return Holds::No;
        }
        let mut all = Holds::Yes;
        for condition in &self.conditions {
            let actual = request.context.get(&condition.key().to_lowercase()).map(String::as_str);
            match condition.holds(actual) {
                Holds::No => return Holds::No,
                Holds::Unknown => all = Holds::Unknown,
                Holds::Yes => {}
            }
        }
        all
    }
}
