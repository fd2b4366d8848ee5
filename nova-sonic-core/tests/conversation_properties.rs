//! Whatever breaks, and whenever: every stream is legal, nothing is told or asked twice, and there is one end.
#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may fail, and what it does not know fails it"
)]

#[path = "session_properties/steps.rs"]
mod steps;
#[path = "session_properties/wire.rs"]
#[expect(dead_code, reason = "what is asked of one stream alone, its own tests ask")]
mod wire;
#[path = "conversation_properties/world.rs"]
mod world;

use nova_sonic_core::session::{Microphone, Playback, SessionConfig};
use proptest::prelude::*;
use steps::Step;
use world::{Trouble, World};

fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::with_cases(300) }
}

fn configuration(which: usize) -> SessionConfig {
    let mut config = SessionConfig::default();
    config.timing.renew = std::time::Duration::from_secs(5);
    config.timing.answer = std::time::Duration::from_secs(2);
    if which == 1 {
        config = config.microphone(Microphone::Closed).playback(Playback::Reported);
        config.speak_first = Some("Greet the child.".to_owned());
    }
    config
}

/// What becomes of streams, before each step of a script.
fn troubles() -> impl Strategy<Value = Vec<Trouble>> {
    let trouble = prop_oneof![
        12 => Just(Trouble::None),
        2 => Just(Trouble::Breaks),
        3 => Just(Trouble::Opens),
        1 => Just(Trouble::IsRefused),
        1 => Just(Trouble::TakesItsTime),
    ];
    prop::collection::vec(trouble, 200)
}

fn interleaved(troubles: Vec<Trouble>, script: Vec<(u64, Step)>) -> Vec<(Trouble, u64, Step)> {
    let troubles = troubles.into_iter().chain(std::iter::repeat(Trouble::Opens));
    troubles.zip(script).map(|(trouble, (pause, step))| (trouble, pause, step)).collect()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_break_at_any_moment_of_a_conversation_breaks_a_rule(
        script in steps::legal_script(), troubles in troubles(), which in 0..2_usize,
    ) {
        let mut world = World::new(configuration(which));
        prop_assert_eq!(world.run(&interleaved(troubles, script)), Ok(()));
    }

    #[test]
    fn no_break_with_a_hostile_service_breaks_a_rule(
        script in steps::hostile_script(), troubles in troubles(), which in 0..2_usize,
    ) {
        let mut world = World::new(configuration(which));
        prop_assert_eq!(world.run(&interleaved(troubles, script)), Ok(()));
    }

    #[test]
    fn the_same_breaks_give_the_same_conversation(script in steps::legal_script(), troubles in troubles()) {
        let run = || {
            let mut world = World::new(configuration(0));
            let verdict = world.run(&interleaved(troubles.clone(), script.clone()));
            (verdict, world.told)
        };
        prop_assert_eq!(run(), run());
    }
}
