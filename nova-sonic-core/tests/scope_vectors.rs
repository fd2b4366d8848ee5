//! Scopes against the shared vectors: what is read, what is refused, and every character of the policy.
#![expect(
    clippy::unwrap_used,
    reason = "outside of the test functions themselves, too, a test stops at the first surprise"
)]

mod scopes;

use nova_sonic_core::{
    scope::{Cidr, Lifecycle, ModelId, Region, ScopeError},
    time::Date,
};
use scopes::{moment, scope, vectors};
use serde_json::{Value, json};

/// What was read, or the code and the sentence of the refusal; an error also says what to do.
fn outcome(read: Result<Value, ScopeError>) -> Value {
    match read {
        Ok(value) => value,
        Err(error) => {
            assert!(error.advice().len() > 15 && !error.advice().ends_with('!'), "{error}");
            json!({ "error": error.code().as_str(), "message": error.to_string() })
        }
    }
}

/// Every vector of the file, with the fields of the outcome replaced by what the library answers.
fn answers(path: &str, answer: impl Fn(&Value) -> Result<Value, ScopeError>) {
    for vector in vectors(path) {
        let mut answered = vector.clone();
        let fields = answered.as_object_mut().unwrap();
        fields.retain(|field, _| !matches!(field.as_str(), "error" | "message"));
        fields.extend(outcome(answer(&vector)).as_object().unwrap().clone());
        assert_eq!(answered, vector);
    }
}

#[test]
fn a_region_is_of_the_partition_that_its_beginning_names() {
    answers("scope/regions.json", |vector| {
        let partition = Region::parse(vector["region"].as_str().unwrap())?.partition();
        Ok(json!({ "partition": partition.name(), "dns_suffix": partition.dns_suffix() }))
    });
}

#[test]
fn a_model_is_an_id_with_a_life() {
    answers("scope/models.json", |vector| {
        let model = ModelId::parse(vector["id"].as_str().unwrap())?;
        let offered = vector["offered"].as_object().unwrap().keys().map(|region| {
            let offered = model.offered_in(&Region::parse(region).unwrap());
            (region.clone(), Value::from(offered))
        });
        let offered: Value = offered.collect::<serde_json::Map<_, _>>().into();
        let lifecycle = match model.lifecycle(Date::parse(vector["today"].as_str().unwrap()).unwrap()) {
            Lifecycle::Active => json!({ "stage": "active" }),
            Lifecycle::Ending { on } => json!({ "stage": "ending", "on": on.as_str() }),
            Lifecycle::EndOfLife { since } => json!({ "stage": "end_of_life", "since": since.as_str() }),
            Lifecycle::Unknown => json!({ "stage": "unknown" }),
            other => panic!("{other:?} has no name in the vectors"),
        };
        Ok(json!({ "lifecycle": lifecycle, "offered": offered }))
    });
}

#[test]
fn a_network_is_an_address_and_a_prefix() {
    answers("scope/networks.json", |vector| {
        Ok(json!({ "reads": Cidr::parse(vector["network"].as_str().unwrap())?.to_string() }))
    });
}

#[test]
fn policies_are_written_to_the_character() {
    answers("scope/policies.json", |vector| {
        let scope = scope(&vector["scope"])?;
        let policy = scope.render(moment(&vector["now"]), moment(&vector["expiration"]))?;
        Ok(json!({
            "length": policy.chars().count(),
            "dangerous": scope.is_dangerous(),
            "model_to_open": scope.model_to_open(),
            "policy": policy,
        }))
    });
}

#[test]
fn scopes_that_mean_something_else_than_they_say_are_refused() {
    answers("scope/refusals.json", |vector| {
        let policy =
            scope(&vector["scope"])?.render(moment(&vector["now"]), moment(&vector["expiration"]))?;
        Ok(json!({ "policy": policy }))
    });
}
