//! Scopes as the shared vectors spell them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

use std::time::Duration;

use nova_sonic_core::{
    scope::{AccountId, Cidr, InferenceProfile, ModelId, Partition, Region, ScopeError, ScopePolicy},
    time::Timestamp,
};
use serde_json::Value;

/// A file of the shared vectors.
pub(crate) fn vectors(path: &str) -> Vec<Value> {
    let path = format!("{}/../tests/vectors/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(!vectors.is_empty(), "{path}");
    vectors
}

pub(crate) fn moment(text: &Value) -> Timestamp {
    Timestamp::parse(text.as_str().unwrap()).unwrap_or_else(|| panic!("{text} is no moment"))
}

pub(crate) fn texts(list: &Value) -> Vec<&str> {
    list.as_array().map(|list| list.iter().map(|text| text.as_str().unwrap()).collect()).unwrap_or_default()
}

/// The scope that an object describes, named as in every language's constructor.
pub(crate) fn scope(scope: &Value) -> Result<ScopePolicy, ScopeError> {
    const FIELDS: [&str; 8] = [
        "region",
        "partition",
        "model_ids",
        "source_cidrs",
        "inference_profile",
        "open_window",
        "documented_action_only",
        "dangerous_any_model",
    ];
    for field in scope.as_object().unwrap().keys() {
        assert!(FIELDS.contains(&field.as_str()), "a scope has no {field}");
    }
    let name = scope["region"].as_str().unwrap();
    let region = match scope["partition"].as_str() {
        Some(partition) => {
            let partition = Partition::ALL.into_iter().find(|known| known.name() == partition).unwrap();
            Region::in_partition(partition, name)?
        }
        None => Region::parse(name)?,
    };
    let mut models = texts(&scope["model_ids"]).into_iter().map(ModelId::parse);
    let mut policy = if scope["dangerous_any_model"] == true {
        ScopePolicy::dangerous_any_model(region)
    } else {
        ScopePolicy::new(region, models.next().unwrap()?)
    };
    for model in models {
        policy = policy.and_model(model?);
    }
    let networks = texts(&scope["source_cidrs"]).into_iter().map(Cidr::parse);
    policy = policy.source_cidrs(networks.collect::<Result<Vec<_>, _>>()?);
    if let Some(seconds) = scope["open_window"].as_f64() {
        policy = policy.open_window(Duration::from_secs_f64(seconds));
    }
    if scope["documented_action_only"] == true {
        policy = policy.documented_action_only();
    }
    if let Some(profile) = scope.get("inference_profile") {
        let account = AccountId::parse(profile["account"].as_str().unwrap())?;
        let members = texts(&profile["members"]).into_iter().map(Region::parse);
        let members: Vec<Region> = members.collect::<Result<_, _>>()?;
        policy = policy.inference_profile(InferenceProfile::new(
            account,
            profile["id"].as_str().unwrap(),
            members,
        )?);
    }
    Ok(policy)
}
