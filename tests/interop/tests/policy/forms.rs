//! The forms of the session policy, and what each of them is to allow.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a request says of its circumstances: condition keys and their values.
pub(crate) type Context = BTreeMap<String, String>;

/// One form, as `forms.json` has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Form {
    pub(crate) name: String,
    #[serde(rename = "why")]
    _why: String,
    pub(crate) scope: Scope,
    pub(crate) partition: String,
    pub(crate) region: String,
    /// Whether every kind of ARN is asked about in every context, or what differs between forms.
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

/// What the library is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Scope {
    pub(crate) region: String,
    pub(crate) models: Vec<String>,
    #[serde(default)]
    pub(crate) documented_action_only: bool,
    #[serde(default)]
    pub(crate) dangerous_any_model: bool,
    #[serde(default)]
    pub(crate) source_cidrs: Vec<String>,
    pub(crate) open_window_seconds: Option<u64>,
    pub(crate) inference_profile: Option<Profile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) account: String,
    pub(crate) id: String,
    pub(crate) members: Vec<String>,
}

/// Every form.
pub(crate) fn forms() -> Vec<Form> {
    crate::read("forms.json")
}

/// The policy of each form, as it was last written by the library.
pub(crate) fn policies() -> BTreeMap<String, String> {
    crate::read("policies.json")
}
