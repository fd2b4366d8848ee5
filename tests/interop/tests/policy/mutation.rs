//! The matrix finds every weakness: a policy that lacks any one part is caught by it.

use serde_json::Value;

use crate::{
    engine::{Engine, IamRs, Simulator},
    forms::{Form, forms, policies},
    matrix::Matrix,
};

/// Enough of the matrix to find a weakness by.
const TELLING: [&str; 5] = [
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithBidirectionalStream",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:CallWithBearerToken",
    "iam:CreateUser",
];

/// What stands in a policy, and something wider.
const WIDER: [(&str, &str); 6] = [
    ("\"bedrock:InvokeModel\"", "\"bedrock:InvokeModel*\""),
    ("\"bedrock:InvokeModel\"", "\"bedrock:*\""),
    (":foundation-model/amazon.nova-2-sonic-v1:0", ":foundation-model/amazon.*"),
    ("::foundation-model", ":*:foundation-model"),
    ("arn:aws:bedrock:us-east-1:", "arn:aws:bedrock:*:"),
    ("T13:15:00Z", "T14:00:00Z"),
];

/// Every policy that is this one without one statement, one condition, or one entry of a list; or too wide.
fn mutations(policy: &Value) -> Vec<(String, Value)> {
    let mut mutations = Vec::new();
    let count = policy["Statement"].as_array().map_or(0, Vec::len);
    for index in 0..count {
        let mut without = policy.clone();
        without["Statement"].as_array_mut().expect("statements").remove(index);
        mutations.push((format!("without statement {index}"), without));

        let statement = &policy["Statement"][index];
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for key in keys.as_object().into_iter().flatten().map(|(key, _)| key) {
                let mut without = policy.clone();
                let condition = &mut without["Statement"][index]["Condition"];
                condition[operator].as_object_mut().expect("keys").remove(key);
                if condition[operator].as_object().is_some_and(serde_json::Map::is_empty) {
                    condition.as_object_mut().expect("operators").remove(operator);
                }
                mutations.push((format!("without {operator} {key} of statement {index}"), without));
            }
        }
        for element in ["Action", "NotAction", "Resource", "NotResource"] {
            for position in 0..statement[element].as_array().map_or(0, Vec::len) {
                let mut without = policy.clone();
                let list = without["Statement"][index][element].as_array_mut().expect("a list");
                list.remove(position);
                mutations.push((format!("without entry {position} of {element} {index}"), without));
            }
        }
    }
    // one mistake made everywhere, as it would be where policies are rendered
    let text = policy.to_string();
    for (narrow, wide) in WIDER {
        if text.contains(narrow) {
            let wider = serde_json::from_str(&text.replace(narrow, wide)).expect("still JSON");
            mutations.push((format!("with {wide} for {narrow}"), wider));
        }
    }
    mutations
}

/// The first case in which this engine's verdict is not what is wanted.
fn surprise<E: Engine>(matrix: &Matrix, form: &Form, policy: &str) -> Option<String> {
    let engine = E::new(policy);
    let mut surprise = None;
    matrix.for_each(form, true, |case| {
        if surprise.is_none() && engine.judge(case.action, case.resource, case.context) != case.wanted {
            surprise = Some(format!("{case:?}"));
        }
    });
    surprise
}

#[test]
fn a_policy_that_lacks_any_part_is_caught() {
    let matrix = Matrix::read().narrowed(&TELLING);
    let policies = policies();
    let mut count = 0;
    for form in forms() {
        let policy = &policies[&form.name];
        let whole: Value = serde_json::from_str(policy).expect("a policy");
        assert_eq!(surprise::<IamRs>(&matrix, &form, policy), None, "{}", form.name);
        assert_eq!(surprise::<Simulator>(&matrix, &form, policy), None, "{}", form.name);
        for (what, mutation) in mutations(&whole) {
            let text = mutation.to_string();
            let found = surprise::<IamRs>(&matrix, &form, &text);
            assert!(found.is_some(), "{} {what}, unnoticed by iam-rs", form.name);
            let found = surprise::<Simulator>(&matrix, &form, &text);
            assert!(found.is_some(), "{} {what}, unnoticed by the simulator", form.name);
            count += 1;
        }
    }
    crate::say(&format!(
        "{count} policies with a part missing or too wide were caught, each by both engines"
    ));
}
