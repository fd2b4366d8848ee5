//! The policies of the vectors are those that the library renders today.

use std::{collections::BTreeMap, time::Duration};

use nova_sonic_core::{
    scope::{AccountId, Cidr, InferenceProfile, ModelId, Region, ScopePolicy},
    time::Timestamp,
};

use crate::forms::{Form, Scope, forms, policies};

fn region(name: &str) -> Region {
    Region::parse(name).expect("a region")
}

fn model(id: &str) -> ModelId {
    ModelId::parse(id).expect("a model")
}

fn scope_of(scope: &Scope) -> ScopePolicy {
    let own = region(&scope.region);
    let mut policy = match scope.models.split_first() {
        Some((first, others)) => {
            others.iter().fold(ScopePolicy::new(own, model(first)), |policy, id| policy.and_model(model(id)))
        }
        None => {
            assert!(scope.dangerous_any_model, "a scope names its models");
            ScopePolicy::dangerous_any_model(own)
        }
    };
    let networks = scope.source_cidrs.iter().map(|network| Cidr::parse(network).expect("a network"));
    policy = policy.source_cidrs(networks);
    if let Some(seconds) = scope.open_window_seconds {
        policy = policy.open_window(Duration::from_secs(seconds));
    }
    if let Some(profile) = &scope.inference_profile {
        let account = AccountId::parse(&profile.account).expect("an account");
        let members = profile.members.iter().map(|member| region(member));
        policy = policy
            .inference_profile(InferenceProfile::new(account, &profile.id, members).expect("a profile"));
    }
    if scope.documented_action_only {
        policy = policy.documented_action_only();
    }
    policy
}

/// The policy of credentials that live for a quarter of an hour from the time of the form's first context.
fn rendered(form: &Form) -> String {
    let issued = Timestamp::parse(&form.context["aws:CurrentTime"]).expect("a time");
    let policy = scope_of(&form.scope);
    assert_eq!(policy.is_dangerous(), form.scope.dangerous_any_model);
    policy.render(issued, issued.after(Duration::from_mins(15))).expect("a policy that STS takes")
}

#[test]
fn the_policies_of_the_vectors_are_those_that_are_sent() {
    let now: BTreeMap<String, String> =
        forms().iter().map(|form| (form.name.clone(), rendered(form))).collect();
    if std::env::var_os("NOVA_SONIC_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&now).expect("texts are JSON");
        std::fs::write(crate::vector("policies.json"), text + "\n").expect("a writable checkout");
    }
    assert!(
        now == policies(),
        "policies have changed: write them with NOVA_SONIC_BLESS=1, and let Node judge them again"
    );
}
