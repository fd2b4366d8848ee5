//! Answers that break off while a player reports: what came is heard to its end, and then it is told how much that was.

use super::{
    breaks::{breaks, breaks_and_opens, turn},
    *,
};

/// Played so many milliseconds of the answer.
fn played(world: &mut World, millis: u64) {
    world.give(Input::Played { turn: TurnId::new(2), samples: millis * 24 }).unwrap();
}

const FOX: &str = "Once upon a time there was a little fox.";

/// A player reports, and a second of an answer has come.
fn with_a_player() -> World {
    let mut world = World::new(|config| config.playback = Playback::Reported);
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.begin_answer(StreamId::FIRST, "a1", FOX, 1_000);
    played(&mut world, 250);
    world
}

#[test]
fn with_a_player_what_came_is_heard_to_its_end_and_then_told() {
    let mut world = with_a_player();
    breaks_and_opens(&mut world);
    assert_eq!(world.interruptions(), [], "the rest is still being heard");
    assert_eq!(world.conversation.state(), State::Speaking);
    // 40 characters take longer than the second that came
    assert_eq!(world.texts(SECOND)[1..], ["a story", "Once upon a"]);
    played(&mut world, 500);
    assert_eq!(world.interruptions(), []);
    // a few samples are lost where the loudspeaker has another rate
    world.give(Input::Played { turn: TurnId::new(2), samples: 23_994 }).unwrap();
    assert_eq!(world.interruptions(), [(1_000, "Once upon a")]);
    assert_eq!(world.conversation.state(), State::Listening);
    played(&mut world, 1_000);
    world.pass(6_000);
    assert_eq!(world.interruptions().len(), 1, "once");
    assert_eq!(world.history(), ["a story", "Once upon a"]);
}

#[test]
fn what_is_played_out_before_another_stream_is_open_is_told_then_and_once() {
    let mut world = with_a_player();
    breaks(&mut world, StreamId::FIRST);
    assert_eq!(world.interruptions(), []);
    played(&mut world, 1_000);
    assert_eq!(world.interruptions(), [(1_000, "Once upon a")]);
    world.connect();
    assert_eq!(world.conversation.state(), State::Listening);
    played(&mut world, 1_000);
    world.pass(6_000);
    assert_eq!(world.interruptions().len(), 1);
}

#[test]
fn a_player_that_falls_silent_keeps_nobody_waiting_with_a_stream_or_without() {
    for connects in [true, false] {
        let mut world = with_a_player();
        breaks(&mut world, StreamId::FIRST);
        if connects {
            world.connect();
        }
        world.wait(3_000);
        assert_eq!(world.interruptions(), [], "{connects}");
        world.wait(1_100);
        assert_eq!(world.interruptions(), [(250, "")], "{connects}");
    }
}

#[test]
fn sentences_before_the_one_that_broke_off_were_heard_whole() {
    let mut world = World::new(|config| config.playback = Playback::Reported);
    world.begin_answer(StreamId::FIRST, "a1", "She has lost her way.", 2_000);
    world.hear(
        StreamId::FIRST,
        r#"{"event":{"contentEnd":{"contentId":"a1","type":"AUDIO","stopReason":"PARTIAL_TURN"}}}"#,
    );
    world.begin_answer(StreamId::FIRST, "a2", FOX, 1_000);
    breaks_and_opens(&mut world);
    world.give(Input::Played { turn: TurnId::new(1), samples: 72_000 }).unwrap();
    assert_eq!(world.interruptions(), [(3_000, "She has lost her way. Once upon a")]);
}

#[test]
fn words_of_which_no_sound_came_were_heard_by_nobody_and_are_asked_for_again() {
    let mut world = World::new(|config| config.playback = Playback::Reported);
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.text_block(StreamId::FIRST, "a1", "ASSISTANT", "SPECULATIVE", FOX);
    breaks_and_opens(&mut world);
    assert_eq!(world.interruptions(), [(0, "")]);
    assert_eq!(world.texts(SECOND)[1..], ["a story"]);
    assert_eq!(world.conversation.state(), State::Thinking);
}

#[test]
fn whoever_asks_while_what_broke_off_is_heard_is_answered_beside_it() {
    let mut world = with_a_player();
    world.give(Input::Text("Another one, please.")).unwrap();
    breaks_and_opens(&mut world);
    assert_eq!(world.texts(SECOND)[1..], ["a story", "Once upon a", "Another one, please."]);
    played(&mut world, 1_000);
    assert_eq!(world.interruptions(), [(1_000, "Once upon a")]);
    assert_eq!(world.conversation.state(), State::Thinking, "the question still waits");
    // the same words again are another answer's
    world.answer(SECOND, "a2", FOX, 1);
    let turns: Vec<u64> = world.told.iter().filter_map(turn).collect();
    assert_eq!(turns, [1, 2, 3, 4, 4]);
}

#[test]
fn whoever_wants_silence_has_heard_what_was_played_and_the_next_answer_is_heard() {
    for connects in [true, false] {
        let mut world = with_a_player();
        breaks(&mut world, StreamId::FIRST);
        if connects {
            world.connect();
        }
        played(&mut world, 500);
        world.give(Input::Interrupt).unwrap();
        assert_eq!(world.interruptions(), [(500, "Once")], "{connects}");
        if !connects {
            world.connect();
        }
        assert_eq!(world.conversation.state(), State::Listening);
        world.user_says(SECOND, "u2", "Go on.");
        world.answer(SECOND, "a2", "She went home.", 1);
        assert_eq!(world.samples_of_answers(), 48_000, "{connects}");
        world.give(Input::Played { turn: TurnId::new(4), samples: 24_000 }).unwrap();
        assert_eq!(world.history()[2..], ["Go on.", "She went home."]);
    }
}

#[test]
fn what_breaks_off_again_and_again_is_followed_to_its_end() {
    let mut world = with_a_player();
    breaks_and_opens(&mut world);
    let stream = world.conversation.stream();
    breaks(&mut world, stream);
    played(&mut world, 500);
    world.connect();
    assert_eq!(world.texts(THIRD)[1..], ["a story", "Once upon a"]);
    played(&mut world, 1_000);
    assert_eq!(world.interruptions(), [(1_000, "Once upon a")]);
}

#[test]
fn where_the_conversation_ends_with_it_what_was_heard_is_told_before() {
    let mut world = with_a_player();
    breaks(&mut world, StreamId::FIRST);
    world.give(Input::Hangup).unwrap();
    assert_eq!(world.interruptions(), [(250, "")]);
    assert_eq!(world.closed(), Some(&CloseReason::Hangup));
}

#[test]
fn who_hangs_up_over_another_stream_is_told_before_what_was_heard_of_the_one_that_broke() {
    let mut world = with_a_player();
    breaks_and_opens(&mut world);
    world.give(Input::Hangup).unwrap();
    played(&mut world, 500);
    world.hear(SECOND, r#"{"event":{"completionEnd":{}}}"#);
    assert_eq!(world.interruptions(), [(500, "Once")]);
    assert!(
        matches!(world.told.last(), Some(Event::Closed { reason: CloseReason::Hangup })),
        "{:?}",
        world.told
    );
}

#[test]
fn who_hangs_up_in_the_middle_has_heard_what_was_played() {
    for playback in [Playback::Assumed, Playback::Reported] {
        let mut world = World::new(|config| config.playback = playback);
        world.user_says(StreamId::FIRST, "u1", "a story");
        world.answer(StreamId::FIRST, "a1", FOX, 4);
        world.wait(2_000);
        played(&mut world, 2_000);
        world.give(Input::Hangup).unwrap();
        world.hear(StreamId::FIRST, r#"{"event":{"completionEnd":{}}}"#);
        assert_eq!(world.closed(), Some(&CloseReason::Hangup));
        let told = world.conversation.current.session.fall_silent();
        let Some(Event::Interrupted { heard, text, .. }) = &told else { panic!("{playback:?}: {told:?}") };
        assert_eq!((heard.as_millis(), text.as_str()), (2_000, "Once upon a time"), "{playback:?}");
        assert_eq!(world.conversation.current.session.fall_silent(), None, "once");
    }
}

#[test]
fn what_was_heard_before_the_end_is_not_cut_by_it() {
    let mut world = World::new(|config| config.playback = Playback::Reported);
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.answer(StreamId::FIRST, "a1", FOX, 1);
    played(&mut world, 1_000);
    world.give(Input::Hangup).unwrap();
    assert_eq!(world.conversation.current.session.fall_silent(), None);
}
