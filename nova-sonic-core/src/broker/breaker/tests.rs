//! The breaker in virtual time.

use proptest::prelude::*;

use super::*;

const FAILED: Outcome = Outcome::Failed(ErrorCode::StsThrottled);

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask,
    End(usize, Outcome),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![3 => Just(FAILED), 1 => Just(Outcome::Succeeded), 1 => Just(Outcome::Unknown)];
    let step = prop_oneof![
        4 => Just(Step::Ask),
        4 => (any::<usize>(), outcome).prop_map(|(which, outcome)| Step::End(which, outcome)),
        1 => (0..15_000_u64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..300)
}

proptest! {
    /// Whatever order requests end in: an open breaker lets nobody in before its time, a half-open one lets one in at
    /// a time, and once everybody has ended nobody waits longer than one pause.
    #[test]
    fn no_interleaving_wedges_or_floods_it(steps in steps(), threshold in 1..4_u32) {
        let mut breaker = Breaker::new(threshold, Duration::from_secs(10));
        let (mut passes, mut now) = (Vec::new(), Tick::ZERO);
        let mut trials = 0;
        for step in steps {
            let before = breaker.state(now);
            match step {
                Step::Wait(millis) => now = now.after(Duration::from_millis(millis)),
                Step::Ask => match (before, breaker.admit(now)) {
                    (BreakerState::Open, admitted) => prop_assert!(admitted.is_err()),
                    (BreakerState::Closed, admitted) => passes.push(admitted.unwrap()),
                    (BreakerState::HalfOpen, admitted) => if let Ok(pass) = admitted {
                        trials += 1;
                        let generation = pass.generation;
                        prop_assert!(passes.iter().all(|other: &Pass| other.generation != generation));
                        passes.push(pass);
                    },
                },
                Step::End(which, outcome) if !passes.is_empty() => {
                    let pass = passes.swap_remove(which % passes.len());
                    breaker.settle(pass, outcome, now);
                }
                Step::End(..) => {}
            }
        }
        for pass in passes {
            breaker.settle(pass, Outcome::Unknown, now);
        }
        let later = now.after(Duration::from_secs(10));
        let pass = breaker.admit(later);
        prop_assert!(pass.is_ok(), "after {} trials: {:?}", trials, pass);
        breaker.settle(pass.unwrap(), Outcome::Succeeded, later);
        prop_assert_eq!(breaker.state(later), BreakerState::Closed);
    }

    #[test]
    fn it_opens_at_the_threshold_and_not_before(threshold in 1..20_u32) {
        let mut breaker = Breaker::new(threshold, Duration::from_secs(10));
        for failure in 1..=threshold {
            prop_assert_eq!(breaker.state(Tick::ZERO), BreakerState::Closed, "before failure {}", failure);
            let pass = breaker.admit(Tick::ZERO).unwrap();
            breaker.settle(pass, FAILED, Tick::ZERO);
        }
        prop_assert_eq!(breaker.state(Tick::ZERO), BreakerState::Open);
    }
}

fn opened() -> Breaker {
    let mut breaker = Breaker::new(1, Duration::from_secs(10));
    let pass = breaker.admit(Tick::ZERO).unwrap();
    breaker.settle(pass, FAILED, Tick::ZERO);
    breaker
}

#[test]
fn failures_in_between_successes_open_nothing() {
    let mut breaker = Breaker::new(2, Duration::from_secs(10));
    for _ in 0..10 {
        for outcome in [FAILED, Outcome::Unknown, Outcome::Succeeded] {
            let pass = breaker.admit(Tick::ZERO).unwrap();
            breaker.settle(pass, outcome, Tick::ZERO);
        }
    }
    assert_eq!(breaker.state(Tick::ZERO), BreakerState::Closed);
}

#[test]
fn one_request_tries_and_the_others_wait() {
    let (mut breaker, later) = (opened(), Tick::from_millis(10_000));
    let trial = breaker.admit(later).unwrap();
    let refusal = breaker.admit(later).unwrap_err();
    assert_eq!(refusal, BreakerRefusal { last: ErrorCode::StsThrottled, retry_after: TRIAL_RETRY });
    breaker.settle(trial, FAILED, later);
    assert_eq!(breaker.admit(later).unwrap_err().retry_after, Duration::from_secs(10));
}

#[test]
fn a_trial_that_nobody_waited_for_leaves_its_place_to_the_next() {
    let (mut breaker, later) = (opened(), Tick::from_millis(10_000));
    let trial = breaker.admit(later).unwrap();
    breaker.settle(trial, Outcome::Unknown, later);
    assert_eq!(breaker.state(later), BreakerState::HalfOpen);
    assert!(breaker.admit(later).is_ok());
    assert!(breaker.admit(later).is_err());
}

#[test]
fn what_was_let_in_before_it_opened_has_no_say_afterwards() {
    let mut breaker = Breaker::new(1, Duration::from_secs(10));
    let (slow, fast) = (breaker.admit(Tick::ZERO).unwrap(), breaker.admit(Tick::ZERO).unwrap());
    breaker.settle(fast, FAILED, Tick::ZERO);
    breaker.settle(slow, Outcome::Succeeded, Tick::from_millis(1));
    assert_eq!(breaker.state(Tick::from_millis(1)), BreakerState::Open);
}
