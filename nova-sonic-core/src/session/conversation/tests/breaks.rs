//! Streams that break in mid-conversation: another takes over, nothing is said twice, and nobody waits for ever.

use super::*;
use crate::{
    error::{ServiceError, ServiceException},
    event::{ClientContent, ClientEvent},
};

/// The connection breaks.
pub(super) fn breaks(world: &mut World, stream: StreamId) {
    world.bring(stream, Input::Failed(Failure::new(ErrorCode::ConnectionLost, "the connection broke")));
}

/// The connection breaks, and another opens at once.
pub(super) fn breaks_and_opens(world: &mut World) {
    let stream = world.conversation.stream();
    breaks(world, stream);
    world.connect();
}

fn exception(exception: ServiceException, message: &str) -> Input<'static> {
    Input::Exception(ServiceError::new(exception, message))
}

fn reasons(world: &World) -> Vec<RenewalReason> {
    let reasons = world.told.iter().filter_map(|event| {
        if let Event::Renewing { reason } | Event::Renewed { reason, .. } = event {
            Some(*reason)
        } else {
            None
        }
    });
    reasons.collect()
}

#[test]
fn a_stream_that_breaks_is_replaced_and_what_is_said_meanwhile_is_heard_afterwards() {
    let mut world = World::new(|_| {});
    world.pass(1_024);
    breaks(&mut world, StreamId::FIRST);
    assert_eq!(world.conversation.state(), State::Initializing);
    assert_eq!(world.opening, [SECOND], "at once");
    world.pass(960);
    assert_eq!(world.connect(), SECOND);
    assert_eq!(world.conversation.state(), State::Listening);
    world.pass(320);
    let heard = world.heard_by(SECOND);
    assert!(is_gapless(&heard));
    assert_eq!(
        heard.len(),
        world.spoken,
        "all of it, for the first word was said less than three seconds before"
    );
    assert_eq!(reasons(&world), [RenewalReason::Connection; 2]);
    assert_eq!(world.renewals(), [960]);
    assert_eq!(world.errors(), ["connection_lost"]);
    assert!(world.released.contains(&StreamId::FIRST));
    world.until_opening();
    world.connect();
    assert_eq!(reasons(&world)[2..], [RenewalReason::StreamLife; 2], "the new one's life is watched, too");
}

#[test]
fn what_only_ends_a_stream_is_outlived_and_what_ends_the_conversation_is_not() {
    let failed = |code| Input::Failed(Failure::new(code, "failed"));
    for (input, outlived) in [
        (Input::Disconnected, true),
        (failed(ErrorCode::FrameCorrupt), true),
        (failed(ErrorCode::ServerSilent), true),
        (exception(ServiceException::ModelStreamError, "no"), true),
        (exception(ServiceException::Throttling, "no"), true),
        (exception(ServiceException::ModelTimeout, "no"), true),
        (exception(ServiceException::InternalServer, "no"), true),
        (exception(ServiceException::ServiceUnavailable, "no"), true),
        (
            exception(
                ServiceException::Validation,
                "System instability detected. Please retry your request.",
            ),
            true,
        ),
        (
            exception(ServiceException::Validation, "This request has been blocked by our content filters."),
            false,
        ),
        (exception(ServiceException::Validation, "Invalid input request, please fix your input."), false),
        (exception(ServiceException::AccessDenied, "no"), false),
        (Input::Hangup, false),
    ] {
        let what = format!("{input:?}");
        let mut world = World::new(|_| {});
        world.pass(1_000);
        world.bring(StreamId::FIRST, input);
        world.wait(6_000);
        assert_eq!(world.closed().is_none(), outlived, "{what}: {:?}", world.closed());
    }
}

#[test]
fn what_was_typed_and_not_answered_is_asked_again_and_told_once() {
    let mut world = World::new(|_| {});
    world.user_says(StreamId::FIRST, "u1", "hello");
    world.answer(StreamId::FIRST, "a1", "Hello.", 1);
    world.pass(1_500);
    world.give(Input::Text("A story, please.")).unwrap();
    breaks_and_opens(&mut world);
    assert_eq!(world.texts(SECOND)[1..], ["hello", "Hello.", "A story, please."]);
    let ClientEvent::ContentStart { content: ClientContent::Text { interactive, .. }, .. } =
        &world.sent[&SECOND].iter().rev().find(|event| event.name() == "contentStart").unwrap()
    else {
        panic!("what was sent last is no text")
    };
    assert!(interactive, "it wants an answer");
    assert_eq!(world.conversation.state(), State::Thinking);
    assert_eq!(world.history(), ["hello", "Hello.", "A story, please."]);
    let typed = world.transcripts().iter().filter(|(_, text)| *text == "A story, please.").count();
    assert_eq!(typed, 1);
}

#[test]
fn words_that_were_understood_are_asked_again_in_writing_and_only_later_sound_is_heard_again() {
    let mut world = World::new(|_| {});
    world.pass(2_048);
    world.user_says(StreamId::FIRST, "u1", "a story");
    let understood = world.spoken;
    world.pass(320);
    breaks(&mut world, StreamId::FIRST);
    world.pass(320);
    world.connect();
    assert_eq!(world.texts(SECOND)[1..], ["a story"]);
    assert_eq!(world.heard_by(SECOND).len(), world.spoken - understood);
    // the next break finds the same, though the sound is counted by another session
    breaks(&mut world, SECOND);
    world.pass(320);
    world.connect();
    assert_eq!(world.texts(THIRD)[1..], ["a story"]);
    assert_eq!(world.heard_by(THIRD).len(), world.spoken - understood);
    assert_eq!(world.transcripts(), [("USER".to_owned(), "a story")]);
}

#[test]
fn an_answer_that_breaks_off_is_cut_where_it_was_heard_and_not_asked_for_again() {
    let mut world = World::new(|_| {});
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.begin_answer(StreamId::FIRST, "a1", "Once upon a time there was a fox in a wood.", 3_000);
    world.pass(1_504);
    world.told.clear();
    breaks_and_opens(&mut world);
    let interruptions = world.interruptions();
    assert!(
        matches!(interruptions[..], [(1_500..1_536, text)] if text.starts_with("Once upon a time")),
        "{interruptions:?}"
    );
    let heard = interruptions[0].1.to_owned();
    assert!(heard.len() < 30, "{heard}");
    assert_eq!(world.texts(SECOND)[1..], ["a story", heard.as_str()]);
    assert_eq!(world.history(), ["a story", heard.as_str()]);
    assert_eq!(world.conversation.state(), State::Listening);
    assert!(matches!(world.told[0], Event::Interrupted { .. }), "before anything else: {:?}", world.told);
}

#[test]
fn an_answer_of_which_nobody_has_heard_a_word_is_asked_for_again() {
    let mut world = World::new(|_| {});
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.begin_answer(StreamId::FIRST, "a1", "Once upon a time there was a fox.", 40);
    breaks_and_opens(&mut world);
    assert_eq!(world.interruptions(), [(0, "")]);
    assert_eq!(world.texts(SECOND)[1..], ["a story"]);
    assert_eq!(world.conversation.state(), State::Thinking);
    world.answer(SECOND, "a2", "There was a fox.", 1);
    world.pass(1_500);
    assert_eq!(world.history(), ["a story", "There was a fox."]);
}

#[test]
fn an_answer_that_had_come_whole_is_heard_to_its_end() {
    let mut world = World::new(|_| {});
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.answer(StreamId::FIRST, "a1", "Once upon a time. The end.", 4);
    world.pass(1_024);
    breaks_and_opens(&mut world);
    assert_eq!(world.conversation.state(), State::Speaking);
    assert_eq!(world.texts(SECOND)[1..], ["a story", "Once upon a time. The end."]);
    world.pass(4_000);
    assert_eq!(world.conversation.state(), State::Listening);
    assert_eq!(world.interruptions(), []);
    assert_eq!(world.history(), ["a story", "Once upon a time. The end."]);
}

#[test]
fn whoever_speaks_into_such_an_answer_interrupts_it() {
    for playback in [Playback::Assumed, Playback::Reported] {
        let mut world = World::new(|config| config.playback = playback);
        world.user_says(StreamId::FIRST, "u1", "a story");
        world.answer(StreamId::FIRST, "a1", "Once upon a time. The end.", 4);
        breaks_and_opens(&mut world);
        world.pass(1_024);
        world.give(Input::Played { turn: TurnId::new(2), samples: 24_000 }).unwrap();
        world.user_says(SECOND, "u2", "stop");
        let interruptions = world.interruptions();
        assert!(matches!(interruptions[..], [(1_000..1_040, "Once")]), "{playback:?}: {interruptions:?}");
        assert_eq!(world.history(), ["a story", "Once", "stop"]);
        let turns: Vec<u64> = world.told.iter().filter_map(turn).collect();
        assert!(turns.is_sorted() && turns.last() == Some(&3), "{turns:?}");
    }
}

pub(super) fn turn(event: &Event) -> Option<u64> {
    if let Event::Transcript { turn, .. } = event { Some(turn.number()) } else { None }
}

#[test]
fn a_tool_that_was_called_answers_the_new_stream_and_one_that_was_not_yet_is_called_again() {
    let mut world = World::new(|_| {});
    world.give(Input::Text("How warm is it?")).unwrap();
    let call = world.calls_tool(StreamId::FIRST, "call-1");
    breaks(&mut world, StreamId::FIRST);
    world.give(Input::ToolResult { call: &call, json: "21" }).unwrap();
    assert_eq!(world.give(Input::ToolResult { call: &call, json: "21" }), Err(SessionError::UnknownCall));
    world.connect();
    let told = world.texts(SECOND);
    assert_eq!(told[1], "How warm is it?");
    assert!(told[2].ends_with("{\"result\":21}") && told.len() == 3, "{told:?}");

    let mut world = World::new(|_| {});
    world.give(Input::Text("How warm is it?")).unwrap();
    world
        .hear(StreamId::FIRST, r#"{"event":{"contentStart":{"contentId":"c","type":"TOOL","role":"TOOL"}}}"#);
    world.hear(
        StreamId::FIRST,
        r#"{"event":{"toolUse":{"contentId":"c","toolUseId":"call-1","toolName":"weather","content":"{}"}}}"#,
    );
    breaks_and_opens(&mut world);
    assert!(!world.told.iter().any(|event| matches!(event, Event::ToolCall { .. })));
    assert_eq!(world.texts(SECOND)[1..], ["How warm is it?"]);
    assert_eq!(world.conversation.state(), State::Thinking);
}

#[test]
fn what_is_typed_without_a_stream_waits_for_one_and_is_bounded() {
    let mut world = World::new(|_| {});
    breaks(&mut world, StreamId::FIRST);
    for number in 0..64 {
        world.give(Input::Text(&format!("Text {number}."))).unwrap();
    }
    assert_eq!(world.give(Input::Text("One too many.")), Err(SessionError::Closed));
    world.connect();
    let told = world.texts(SECOND);
    assert_eq!((told.len(), told[1], told[64]), (65, "Text 0.", "Text 63."));
}

#[test]
fn five_attempts_are_made_with_growing_pauses_and_the_break_is_what_is_told() {
    let mut world = World::new(|_| {});
    world.pass(1_000);
    breaks(&mut world, StreamId::FIRST);
    let mut pauses = Vec::new();
    for _ in 0..5 {
        pauses.push(world.until_opening());
        world.refuse(ErrorCode::ConnectionFailed);
    }
    let expected = [0, 0, 1_000, 2_000, 4_000];
    assert!(
        pauses.iter().zip(expected).all(|(pause, least)| (least..least + 2 * FRAME_MS).contains(pause)),
        "{pauses:?}"
    );
    assert_eq!(world.errors(), ["connection_lost", "connection_failed"]);
    let Some(CloseReason::Failed(failure)) = world.closed() else { panic!("{:?}", world.told.last()) };
    assert_eq!(failure.code(), ErrorCode::ConnectionLost);
    assert_eq!(world.conversation.poll_timeout(), None);
}

#[test]
fn a_service_that_answers_no_attempt_is_given_up_after_thirty_seconds() {
    let mut world = World::new(|_| {});
    world.pass(1_000);
    let broke = world.now;
    breaks(&mut world, StreamId::FIRST);
    while world.closed().is_none() {
        world.pass(32);
    }
    let waited = world.now - broke;
    assert!((29_900..30_000 + 2 * FRAME_MS).contains(&waited), "{waited} ms");
    assert!(world.released.len() >= 3, "{:?}", world.released);
}

#[test]
fn streams_that_break_again_and_again_end_it_and_rare_breaks_do_not() {
    let mut world = World::new(|config| config.timing.renew = Duration::from_mins(6));
    for _ in 0..6 {
        breaks_and_opens(&mut world);
        world.pass(1_000);
    }
    let stream = world.conversation.stream();
    breaks(&mut world, stream);
    assert!(matches!(world.closed(), Some(CloseReason::Failed(_))));
    assert!(world.opening.is_empty());

    let mut world = World::new(|config| config.timing.renew = Duration::from_mins(6));
    for _ in 0..20 {
        breaks_and_opens(&mut world);
        world.pass(11_000);
    }
    assert_eq!((world.renewals().len(), world.closed()), (20, None));
}

#[test]
fn nothing_is_repeated_before_the_first_stream_is_open_nor_after_the_goodbye_nor_where_that_is_off() {
    let config = SessionConfig::default();
    let mut conversation = Conversation::new(config, [7; 32], Tick::ZERO).unwrap();
    conversation.handle_stream(Tick::from_millis(9), StreamId::FIRST, Input::Disconnected).unwrap();
    let told: Vec<Directive> = std::iter::from_fn(|| conversation.poll_output()).collect();
    let last = told.last();
    assert!(
        matches!(last, Some(Directive::Emit(Event::Closed { reason: CloseReason::Disconnected }))),
        "{last:?}"
    );
    assert!(!told.iter().any(|directive| matches!(directive, Directive::Open(SECOND))));

    let mut world = World::new(|_| {});
    world.give(Input::Hangup).unwrap();
    breaks(&mut world, StreamId::FIRST);
    assert_eq!((world.closed(), world.opening.len()), (Some(&CloseReason::Hangup), 0));

    let mut world = World::new(|config| config.renewal = false);
    world.user_says(StreamId::FIRST, "u1", "a story");
    world.begin_answer(StreamId::FIRST, "a1", "Once upon a time.", 3_000);
    breaks(&mut world, StreamId::FIRST);
    assert!(matches!(world.closed(), Some(CloseReason::Failed(_))));
    assert_eq!((world.opening.len(), world.errors().len(), world.interruptions().len()), (0, 0, 0));
}

#[test]
fn whoever_hangs_up_without_a_stream_has_hung_up() {
    let mut world = World::new(|_| {});
    breaks(&mut world, StreamId::FIRST);
    world.give(Input::Hangup).unwrap();
    assert_eq!((world.closed(), world.opening.len()), (Some(&CloseReason::Hangup), 0));
    assert_eq!(world.conversation.poll_timeout(), None);
}

#[test]
fn the_limits_of_a_conversation_hold_without_a_stream_too() {
    let mut world = World::new(|config| config.timing.life = Some(Duration::from_secs(3)));
    world.pass(2_000);
    breaks(&mut world, StreamId::FIRST);
    world.wait(1_100);
    assert_eq!(world.closed(), Some(&CloseReason::TimeLimit));

    let mut world = World::new(|config| config.timing.idle = Some(Duration::from_secs(3)));
    world.pass(2_000);
    breaks(&mut world, StreamId::FIRST);
    world.wait(1_100);
    assert_eq!(world.closed(), Some(&CloseReason::Idle));

    let mut world = World::new(|config| config.timing.idle = Some(Duration::from_secs(3)));
    world.pass(2_000);
    breaks_and_opens(&mut world);
    world.pass(1_100);
    world.wait(6_000);
    assert_eq!(world.closed(), Some(&CloseReason::Idle), "a break is no sign of life");
}

#[test]
fn a_microphone_that_is_closed_stays_closed_and_nothing_is_heard_again() {
    let mut world = World::new(|_| {});
    world.pass(1_000);
    world.give(Input::Microphone(Microphone::Closed)).unwrap();
    breaks_and_opens(&mut world);
    assert_eq!(world.conversation.state(), State::Idle);
    assert_eq!(world.heard_by(SECOND).len(), 0);
}

#[test]
fn a_break_while_a_renewal_looks_for_its_moment_is_one_of_that_renewal() {
    let mut world = World::new(|_| {});
    world.loud = true;
    world.pass(11_000);
    assert!(world.opening.is_empty() && !reasons(&world).is_empty());
    breaks_and_opens(&mut world);
    assert_eq!(reasons(&world), [RenewalReason::StreamLife; 2]);
    assert_eq!(world.conversation.stream(), SECOND);
}
