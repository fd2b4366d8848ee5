//! Nothing but the one action on the one model is let through, and every engine says so.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    engine::{Engine, IamRs, Simulator, Verdict},
    forms::{Form, forms, policies},
    matrix::{BEYOND_POLICIES, Matrix},
};

/// How an engine judged all cases of a form.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Summary {
    cases: usize,
    allowed: usize,
    denied: usize,
    not_allowed: usize,
    /// SHA-256 of one letter for each case.
    sha256: String,
}

fn judge<E: Engine>(matrix: &Matrix, form: &Form, whole: bool, policy: &str) -> Summary {
    let engine = E::new(policy);
    let mut summary = Summary::default();
    let mut hash = Sha256::new();
    matrix.for_each(form, whole, |case| {
        let verdict = engine.judge(case.action, case.resource, case.context);
        assert_eq!(verdict, case.wanted, "{} under {}: {case:?}", E::NAME, form.name);
        summary.cases += 1;
        match verdict {
            Verdict::Allowed => summary.allowed += 1,
            Verdict::Denied => summary.denied += 1,
            Verdict::NotAllowed => summary.not_allowed += 1,
        }
        hash.update([verdict.letter()]);
    });
    summary.sha256 = hex::encode(hash.finalize());
    summary
}

fn compare<E: Engine>() {
    let (matrix, policies) = (Matrix::read(), policies());
    let recorded: BTreeMap<String, Summary> = crate::read("verdicts.json");
    let (mut compared, mut cases, mut allowed) = (0, 0, 0);
    for form in forms() {
        let policy = &policies[&form.name];
        let summary = judge::<E>(&matrix, &form, form.whole, policy);
        let third = recorded.get(&form.name).expect("a form that was judged");
        assert_eq!(&summary, third, "{} and iam-simulate about {}", E::NAME, form.name);
        compared += summary.cases;
        let whole = if form.whole { summary } else { judge::<E>(&matrix, &form, true, policy) };
        cases += whole.cases;
        allowed += whole.allowed;
    }
    crate::say(&format!(
        "{}: {cases} cases, {allowed} allowed, all as wanted; the same as iam-simulate in {compared}",
        E::NAME
    ));
}

#[test]
fn iam_rs_lets_nothing_else_through_and_agrees_with_iam_simulate() {
    compare::<IamRs>();
}

#[test]
fn the_simulator_lets_nothing_else_through_and_agrees_with_iam_simulate() {
    compare::<Simulator>();
}

/// AWS answers `GetCallerIdentity` all the same; the policies do what they can.
#[test]
fn even_the_question_who_one_is_is_denied() {
    let policies = policies();
    for form in forms() {
        let policy = &policies[&form.name];
        let resource = &form.allowed[0].resource;
        for verdict in [
            IamRs::new(policy).judge(BEYOND_POLICIES, resource, &form.context),
            Simulator::new(policy).judge(BEYOND_POLICIES, resource, &form.context),
        ] {
            assert_eq!(verdict, Verdict::Denied, "{}", form.name);
        }
    }
}
