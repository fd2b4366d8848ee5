//! The forms of the session policy, and what each of them is to allow.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a request says of its circumstances: condition keys and their values.
pub(crate) type Context = BTreeMap<String, String>;

/// What the policy of the same name in the vectors of the scope is to allow.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Form {
    pub(crate) name: String,
    pub(crate) partition: String,
    pub(crate) region: String,
    /// Whether iam-simulate was asked everything about it, or that in which forms differ.
    pub(crate) whole: bool,
    pub(crate) actions: Vec<String>,
    pub(crate) allowed: Vec<Allowed>,
    /// Resources that are close to what is allowed, and are not.
    pub(crate) others: Vec<String>,
    /// In time, over TLS, from where and in the region that the form wants.
    pub(crate) context: Context,
    pub(crate) changes: BTreeMap<String, Context>,
    /// Contexts that only the action in question is asked in.
    pub(crate) edges: BTreeMap<String, Context>,
}

/// A resource that a form names, and when it is open.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowed {
    pub(crate) resource: String,
    pub(crate) contexts: Vec<String>,
}

/// Policies that the vectors have as well, and that differ from one of the forms in nothing that decides anything.
const ALIKE: [&str; 6] = [
    "the same model twice",
    "isolated",
    "a region newer than the table",
    "one network",
    "a window longer than the credentials",
    "as long as STS takes",
];

/// Every form.
pub(crate) fn forms() -> Vec<Form> {
    crate::read("forms.json")
}

/// The policy of each form, as the library renders it: other tests hold it to the same vectors.
pub(crate) fn policies() -> BTreeMap<String, String> {
    let rendered: Vec<Rendered> = crate::read("../scope/policies.json");
    rendered.into_iter().map(|Rendered { name, policy }| (name, policy)).collect()
}

#[derive(Debug, Deserialize)]
struct Rendered {
    name: String,
    policy: String,
}

#[test]
fn every_policy_of_the_vectors_is_judged() {
    let judged = forms().into_iter().map(|form| form.name);
    let mut known: Vec<String> = judged.chain(ALIKE.map(str::to_owned)).collect();
    known.sort();
    let rendered: Vec<String> = policies().into_keys().collect();
    assert_eq!(known, rendered, "say in forms.json what a new policy is to allow");
}
