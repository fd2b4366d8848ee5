//! The question put to every engine: each action of the catalogue, on each resource, in each context. The tests for
//! Node ask it in the same order.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    engine::Verdict,
    forms::{Context, Form},
};

const ACCOUNT: &str = "123456789012";
/// What nobody is refused, whatever policies say: to be told who one is. Source: AWS STS API reference,
/// `GetCallerIdentity`.
pub(crate) const BEYOND_POLICIES: &str = "sts:GetCallerIdentity";
/// What the catalogue does not have, though the operation is called so.
const UNLISTED: &str = "bedrock:InvokeModelWithBidirectionalStream";

/// The IAM catalogue, as much of it as is asked about.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    bedrock_arns: Vec<String>,
    services: BTreeMap<String, Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    complete: bool,
    actions: BTreeMap<String, Vec<String>>,
}

/// An action, and the ARNs that the catalogue gives it.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) name: String,
    /// Whether every action of its service is asked about.
    complete: bool,
    own: Vec<String>,
}

/// Every action that is asked about.
#[derive(Debug)]
pub(crate) struct Matrix {
    pub(crate) actions: Vec<Action>,
    bedrock_arns: Vec<String>,
}

/// One question, and the answer that is wanted.
#[derive(Debug)]
#[expect(dead_code, reason = "the name of the context is for whoever reads that a verdict differs")]
pub(crate) struct Case<'a> {
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context_name: &'a str,
    pub(crate) context: &'a Context,
    pub(crate) wanted: Verdict,
}

impl Matrix {
    /// The matrix of the committed catalogue.
    pub(crate) fn read() -> Self {
        let Catalogue { bedrock_arns, services } = crate::read("catalogue.json");
        let mut actions: Vec<Action> = Vec::new();
        for (service, Service { complete, actions: names }) in services {
            actions.extend(names.into_iter().map(|(action, own)| Action {
                name: format!("{service}:{action}"),
                complete,
                own,
            }));
        }
        let listed = actions.iter().find(|action| action.name == "bedrock:InvokeModel").expect("a catalogue");
        let unlisted = Action { name: UNLISTED.to_owned(), ..listed.clone() };
        actions.push(unlisted);
        actions.retain(|action| action.name != BEYOND_POLICIES);
        Self { actions, bedrock_arns }
    }

    /// The same with these actions only.
    pub(crate) fn narrowed(mut self, names: &[&str]) -> Self {
        self.actions.retain(|action| names.contains(&action.name.as_str()));
        assert_eq!(self.actions.len(), names.len());
        self
    }

    /// Asks about a form.
    ///
    /// As a whole that is every action of the catalogue in every context, on every kind of ARN that Bedrock has;
    /// otherwise that in which forms differ.
    pub(crate) fn for_each(&self, form: &Form, whole: bool, mut ask: impl FnMut(Case<'_>)) {
        let in_time = ("in time", form.context.clone());
        let all: Vec<_> = std::iter::once(in_time).chain(changed(form, &form.changes)).collect();
        let with_edges: Vec<_> = all.iter().cloned().chain(changed(form, &form.edges)).collect();
        for action in self.actions.iter().filter(|action| whole || action.complete) {
            let named = form.actions.contains(&action.name);
            let contexts = match (named, whole) {
                (true, _) => &with_edges[..],
                (false, true) => &all[..],
                (false, false) => &all[..1],
            };
            for resource in self.resources(form, action, whole) {
                for (context_name, context) in contexts {
                    let wanted = wanted(form, named, &resource, context_name);
                    let (action, resource) = (action.name.as_str(), resource.as_str());
                    ask(Case { action, resource, context_name, context, wanted });
                }
            }
        }
    }

    fn resources(&self, form: &Form, action: &Action, whole: bool) -> Vec<String> {
        let models = form.allowed.iter().map(|allowed| &allowed.resource);
        let few = if action.complete { usize::MAX } else { 1 };
        let mut asked: Vec<&String> = models.take(few).chain(form.others.iter().take(few)).collect();
        if whole && action.complete {
            asked.extend(&self.bedrock_arns);
        }
        if whole {
            asked.extend(&action.own);
        }
        let mut placed: Vec<String> = Vec::new();
        for arn in asked {
            let arn = arn.replace("${Partition}", &form.partition).replace("${Region}", &form.region);
            let arn = arn.replace("${Account}", ACCOUNT);
            if !placed.contains(&arn) {
                placed.push(arn);
            }
        }
        placed.push("*".to_owned());
        placed
    }
}

fn changed<'a>(
    form: &'a Form,
    changes: &'a BTreeMap<String, Context>,
) -> impl Iterator<Item = (&'a str, Context)> {
    changes.iter().map(|(name, change)| {
        let mut context = form.context.clone();
        context.extend(change.clone());
        (name.as_str(), context)
    })
}

/// Allowed is the one action on what the form names, in the contexts that it names; the rest is denied explicitly, but
/// for that same action at the wrong time or place, which is merely not allowed.
fn wanted(form: &Form, named: bool, resource: &str, context_name: &str) -> Verdict {
    match form.allowed.iter().find(|allowed| allowed.resource == resource) {
        Some(allowed) if named && allowed.contexts.iter().any(|name| name == context_name) => {
            Verdict::Allowed
        }
        Some(_) if named => Verdict::NotAllowed,
        _ => Verdict::Denied,
    }
}
