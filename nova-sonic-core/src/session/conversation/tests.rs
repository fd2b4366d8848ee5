//! Behaviour of a conversation over many streams, in virtual time.

mod breaks;
mod broken;
mod world;

use std::time::Duration;

use super::*;
use crate::session::{Microphone, Playback, RenewalReason, TurnId};
use world::{FRAME, World, numbered};

const SECOND: StreamId = StreamId(1);
const THIRD: StreamId = StreamId(2);

/// Most that may come between the moment that is looked for and the frame of sound with which it is found, ms.
const FRAME_MS: u64 = 33;

fn is_gapless(numbers: &[i16]) -> bool {
    let next = |number: i16| (number + 1) % 149;
    numbers.windows(2).all(|pair| pair[1] == next(pair[0]))
}

#[test]
fn a_conversation_outlives_its_streams_and_no_sample_of_the_microphone_is_lost_or_doubled() {
    let mut world = World::new(|_| {});
    for _ in 0..2 {
        world.until_opening();
        let prepared = world.spoken;
        world.pass(640);
        let stream = world.connect();
        world.pass(1_600);
        let heard = world.heard_by(stream);
        assert!(is_gapless(&heard));
        assert_eq!(heard.len(), world.spoken - prepared + 3 * 16_000, "and the last three seconds again");
        assert_eq!(heard.last(), Some(&numbered(world.spoken - 1)));
    }
    let first = world.heard_by(StreamId::FIRST);
    assert!(is_gapless(&first) && first[0] == 0);
    assert_eq!(world.renewals(), [0, 0]);
    assert_eq!(world.errors(), [""; 0]);
    assert!(
        world.released.contains(&StreamId::FIRST) || world.names(StreamId::FIRST).ends_with(&["sessionEnd"])
    );
}

#[test]
fn nobody_is_told_of_a_change_of_state_and_turns_and_tokens_are_counted_on() {
    let mut world = World::new(|_| {});
    let usage = |tokens: u32| {
        format!(
            r#"{{"event":{{"usageEvent":{{"totalInputTokens":{tokens},"totalOutputTokens":0,"totalTokens":{tokens},"details":{{"delta":{{"input":{{"speechTokens":{tokens},"textTokens":0}},"output":{{"speechTokens":0,"textTokens":0}}}},"total":{{"input":{{"speechTokens":{tokens},"textTokens":0}},"output":{{"speechTokens":0,"textTokens":0}}}}}}}}}}}}"#
        )
    };
    world.hear(StreamId::FIRST, &usage(5));
    world.user_says(StreamId::FIRST, "u1", "hello");
    world.answer(StreamId::FIRST, "a1", "Hello.", 1);
    world.until_opening();
    world.told.clear();
    world.connect();
    assert!(!world.told.iter().any(|event| matches!(event, Event::StateChanged { .. })), "{:?}", world.told);
    assert_eq!(world.texts(SECOND)[1..], ["hello", "Hello."]);
    world.hear(SECOND, &usage(7));
    assert_eq!(world.conversation.usage().input.speech, 12);
    world.user_says(SECOND, "u1", "and now");
    let turn = world.told.iter().find_map(|event| {
        if let Event::Transcript { turn, .. } = event { Some(turn.number()) } else { None }
    });
    assert_eq!(turn, Some(3));
}

#[test]
fn an_answer_that_is_being_heard_is_heard_to_its_end_first() {
    let mut world = World::new(|_| {});
    world.pass(9_000);
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.answer(StreamId::FIRST, "a1", "Once upon a time.", 20);
    let waited = world.until_opening();
    assert!((22_500..22_500 + 2 * FRAME_MS).contains(&waited), "{waited} ms");
    world.connect();
    assert_eq!(world.samples_of_answers(), 20 * 24_000);
    assert_eq!(world.renewals(), [0]);
}

#[test]
fn whoever_speaks_while_the_successor_opens_is_heard_to_the_end_first() {
    let mut world = World::new(|_| {});
    world.until_opening();
    world.loud = true;
    world.pass(320);
    let discarded = world.connect();
    assert_eq!(world.renewals(), [0; 0]);
    assert!(world.names(discarded).ends_with(&["contentEnd", "promptEnd", "sessionEnd"]));
    world.loud = false;
    let waited = world.until_opening();
    assert!((2_400..2_500 + 2 * FRAME_MS).contains(&waited), "{waited} ms");
    assert_eq!(world.connect(), THIRD);
    assert_eq!(world.renewals(), [0]);
}

#[test]
fn somebody_who_never_stops_is_moved_all_the_same_before_the_stream_ends() {
    let mut world = World::new(|_| {});
    world.loud = true;
    let waited = world.until_opening();
    assert!((85_000..85_000 + 2 * FRAME_MS).contains(&waited), "{waited} ms");
    world.pass(640);
    world.connect();
    assert_eq!(world.renewals(), [0]);
    assert!(is_gapless(&world.heard_by(SECOND)));
}

#[test]
fn a_tool_that_is_called_before_may_answer_afterwards_and_once() {
    let mut world = World::new(|_| {});
    world.pass(5_000);
    let call = world.calls_tool(StreamId::FIRST, "call-1");
    let waited = world.until_opening();
    assert!((80_000..80_000 + 2 * FRAME_MS).contains(&waited), "a tool is waited for: {waited} ms");
    let other = world.calls_tool(StreamId::FIRST, "call-2");
    world.give(Input::ToolResult { call: &other, json: "\"while it opens\"" }).unwrap();
    assert_eq!(
        world.give(Input::ToolResult { call: &other, json: "1" }),
        Err(SessionError::UnknownCall),
        "though it has not been told yet"
    );
    world.connect();
    world.give(Input::ToolResult { call: &call, json: "21" }).unwrap();
    assert_eq!(world.give(Input::ToolResult { call: &call, json: "21" }), Err(SessionError::UnknownCall));
    let told = world.texts(SECOND);
    assert!(told[told.len() - 2].ends_with("{\"result\":\"while it opens\"}"), "{told:?}");
    assert!(told[told.len() - 1].ends_with("{\"result\":21}"), "{told:?}");
    let results = |stream| world.names(stream).iter().filter(|name| **name == "toolResult").count();
    assert_eq!(results(StreamId::FIRST), 2, "the goodbye answers what is open, as it always does");
    assert_eq!(results(SECOND), 0);
}

#[test]
fn what_was_held_for_a_successor_that_fails_goes_to_the_stream_that_is_there() {
    let mut world = World::new(|_| {});
    world.loud = true;
    world.until_opening();
    world.give(Input::Text("Are you there?")).unwrap();
    assert!(!world.texts(StreamId::FIRST).contains(&"Are you there?"));
    world.refuse(ErrorCode::Throttled);
    assert_eq!(world.texts(StreamId::FIRST).last(), Some(&"Are you there?"));
}

#[test]
fn a_successor_that_is_refused_is_tried_again_after_ten_seconds() {
    let mut world = World::new(|_| {});
    world.until_opening();
    world.refuse(ErrorCode::Throttled);
    let waited = world.until_opening();
    assert!((10_000..10_000 + 2 * FRAME_MS).contains(&waited), "{waited} ms");
    world.refuse(ErrorCode::Throttled);
    world.until_opening();
    world.connect();
    assert_eq!(world.errors(), ["throttled"], "the same is told once");
    assert_eq!(world.renewals(), [0]);
    assert_eq!(world.conversation.stream(), StreamId(3));
}

/// The service ends the stream at the end of its life.
fn ends(world: &mut World, stream: StreamId) {
    let failure = Failure::new(ErrorCode::ModelTimeout, "the stream's life is over");
    world.bring(stream, Input::Failed(failure));
}

#[test]
fn without_a_successor_the_old_stream_goes_on_to_its_end_and_is_what_is_told() {
    let mut world = World::new(|_| {});
    world.until_opening();
    world.refuse(ErrorCode::AccessDenied);
    world.pass(5_000);
    ends(&mut world, StreamId::FIRST);
    assert_eq!(world.conversation.state(), State::Initializing);
    let mut pauses = Vec::new();
    for _ in 0..5 {
        pauses.push(world.until_opening());
        world.refuse(ErrorCode::AccessDenied);
    }
    let expected = [0, 0, 1_000, 2_000, 4_000];
    assert!(
        pauses.iter().zip(expected).all(|(pause, least)| (least..least + 2 * FRAME_MS).contains(pause)),
        "{pauses:?}"
    );
    let Some(CloseReason::Failed(failure)) = world.closed() else { panic!("{:?}", world.told.last()) };
    assert_eq!(failure.code(), ErrorCode::ModelTimeout);
    assert_eq!(world.errors(), ["access_denied"]);
    assert_eq!(world.conversation.state(), State::Closed);
    assert_eq!(world.give(Input::Text("Hello?")), Err(SessionError::Closed));
    assert_eq!(world.give(Input::Audio(&[0; FRAME])), Err(SessionError::Closed));
    assert_eq!(world.conversation.poll_timeout(), None);
}

#[test]
fn a_stream_that_ends_while_its_successor_opens_leaves_a_gap_and_nothing_unheard() {
    let mut world = World::new(|_| {});
    world.until_opening();
    ends(&mut world, StreamId::FIRST);
    world.give(Input::Text("Are you there?")).unwrap();
    world.pass(960);
    world.connect();
    assert_eq!(world.renewals(), [960]);
    assert_eq!(world.texts(SECOND).last(), Some(&"Are you there?"));
    world.pass(320);
    assert!(is_gapless(&world.heard_by(SECOND)));
    assert_eq!(world.heard_by(SECOND).last(), Some(&numbered(world.spoken - 1)));
    assert!(world.released.contains(&StreamId::FIRST));
    assert_eq!(world.closed(), None);
}

#[test]
fn what_is_said_between_two_attempts_is_heard_afterwards() {
    let mut world = World::new(|_| {});
    world.until_opening();
    ends(&mut world, StreamId::FIRST);
    world.refuse(ErrorCode::ConnectionFailed);
    world.until_opening();
    world.refuse(ErrorCode::ConnectionFailed);
    world.until_opening();
    world.give(Input::Microphone(Microphone::Muted)).unwrap();
    world.pass(320);
    world.give(Input::Microphone(Microphone::Open)).unwrap();
    let stream = world.connect();
    let heard = world.heard_by(stream);
    assert_eq!(heard.len(), 3 * 16_000, "what was said with the microphone muted is not there");
    assert_eq!(heard.last(), Some(&numbered(world.spoken - 1 - 10 * FRAME)));
}

#[test]
fn a_successor_that_opens_slowly_lets_the_oldest_sound_go_and_never_the_latest() {
    let mut world = World::new(|_| {});
    world.until_opening();
    world.pass(9_600);
    let stream = world.connect();
    let heard = world.heard_by(stream);
    assert!(is_gapless(&heard) && heard.len() <= 5 * 16_000 && heard.len() > 5 * 16_000 - 2 * 16_000);
    assert_eq!(heard.last(), Some(&numbered(world.spoken - 1)));
}

#[test]
fn a_service_that_never_answers_is_given_up_and_asked_again() {
    let mut world = World::new(|_| {});
    world.until_opening();
    world.pass(10_100);
    assert_eq!(world.errors(), ["open_timeout"]);
    assert_eq!(world.released, [SECOND]);
    world.until_opening();
    assert_eq!(world.connect(), THIRD);
    assert_eq!(world.renewals(), [0]);
}

/// Credentials that end at 4 minutes: a successor is due at 1 minute.
fn with_credentials() -> World {
    World::new(|config| {
        config.timing.renew = Duration::from_mins(6);
        config.timing.credentials_expire = Some(Tick::from_millis(240_000));
    })
}

#[test]
fn credentials_that_can_be_refreshed_renew_the_conversation_too() {
    let mut world = with_credentials();
    let waited = world.until_opening();
    assert!((62_500..62_500 + 2 * FRAME_MS).contains(&waited), "{waited} ms");
    world.bring(SECOND, Input::CredentialsUntil(Tick::from_millis(840_000)));
    world.connect();
    let reasons: Vec<RenewalReason> = world
        .told
        .iter()
        .filter_map(|event| {
            if let Event::Renewing { reason } | Event::Renewed { reason, .. } = event {
                Some(*reason)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(reasons, [RenewalReason::Credentials; 2]);
}

#[test]
fn credentials_that_end_as_soon_are_no_reason_to_change_until_the_streams_own_life_is() {
    let mut world = with_credentials();
    for _ in 0..3 {
        world.until_opening();
        let stream = world.opening[0];
        world.bring(stream, Input::CredentialsUntil(Tick::from_millis(240_010)));
        assert!(world.released.contains(&stream));
    }
    assert_eq!(world.errors(), ["credentials_expired"]);
    assert_eq!(world.conversation.stream(), StreamId::FIRST);

    let ends = Tick::from_millis(185_000);
    let mut world = World::new(|config| config.timing.credentials_expire = Some(ends));
    world.until_opening();
    world.bring(SECOND, Input::CredentialsUntil(ends));
    assert!(world.released.contains(&SECOND));
    world.until_opening();
    world.bring(THIRD, Input::CredentialsUntil(ends));
    world.connect();
    assert_eq!(world.renewals(), [0], "by then the stream's own end was near");
}

#[test]
fn whoever_hangs_up_meanwhile_has_hung_up() {
    let mut world = World::new(|_| {});
    world.until_opening();
    world.give(Input::Hangup).unwrap();
    assert_eq!((world.opening.len(), world.released.as_slice()), (0, [SECOND].as_slice()));
    world.wait(6_000);
    assert_eq!(world.closed(), Some(&CloseReason::Hangup));

    let mut world = World::new(|_| {});
    world.until_opening();
    ends(&mut world, StreamId::FIRST);
    world.give(Input::Hangup).unwrap();
    assert_eq!(world.closed(), Some(&CloseReason::Hangup));
    assert_eq!(world.conversation.poll_timeout(), None);
}

#[test]
fn limits_of_the_conversation_are_not_begun_anew() {
    let mut world = World::new(|config| {
        config.timing.life = Some(Duration::from_secs(25));
        config.timing.idle = Some(Duration::from_mins(1));
    });
    world.until_opening();
    world.connect();
    world.pass(25_100 - world.now);
    world.wait(6_000);
    assert_eq!(world.closed(), Some(&CloseReason::TimeLimit));

    let mut world = World::new(|config| config.timing.idle = Some(Duration::from_secs(20)));
    world.until_opening();
    world.connect();
    world.pass(20_100 - world.now);
    world.wait(6_000);
    assert_eq!(world.closed(), Some(&CloseReason::Idle));
}

#[test]
fn sound_that_is_still_played_is_counted_for_the_stream_that_it_came_from() {
    let mut world = World::new(|config| config.playback = Playback::Reported);
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.answer(StreamId::FIRST, "a1", "Once upon a time.", 1);
    world.give(Input::Played { turn: TurnId::new(2), samples: 24_000 }).unwrap();
    world.until_opening();
    world.connect();
    world.give(Input::Played { turn: TurnId::new(2), samples: 24_000 }).unwrap();
    world.user_says(SECOND, "u2", "go on");
    world.answer(SECOND, "a2", "And so it was.", 1);
    assert_eq!(world.conversation.state(), State::Speaking);
    world.give(Input::Played { turn: TurnId::new(4), samples: 24_000 }).unwrap();
    assert_eq!(world.conversation.state(), State::Listening);
}

#[test]
fn a_conversation_that_does_not_renew_itself_says_when_it_is_due() {
    let mut world = World::new(|config| config.renewal = false);
    world.pass(20_000);
    assert!(world.told.contains(&Event::RenewalDue { reason: RenewalReason::StreamLife }));
    assert!(world.opening.is_empty() && world.errors().is_empty());
}
