//! Interleavings of what callers do and what a service may send, legal or hostile.

use nova_sonic_core::{
    error::{ErrorCode, ServiceError, ServiceException},
    event::{
        ContentType, EventError, Extra, GenerationStage, Role, ServerContent, ServerEvent, ServerIds,
        StopReason, TokenCounts, Usage, UsageDetails,
    },
    session::{Failure, Microphone},
};
use proptest::prelude::*;

/// One thing that happens. Texts are numbered when the script runs, so that each can be told from all others.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Connected,
    Audio(usize),
    Text,
    BadText,
    Microphone(Microphone),
    Played {
        turn: u64,
        samples: u64,
    },
    Interrupt,
    ToolResult {
        call: usize,
        json: &'static str,
    },
    ToolFailed {
        call: usize,
    },
    Server(Server),
    Unreadable,
    Exception {
        exception: ServiceException,
        message: &'static str,
    },
    Timeout,
    /// A driver that keeps every deadline for so long.
    Wait,
    Hangup,
    Failed,
    Disconnected,
}

/// An event of the service; blocks and calls by number.
#[derive(Clone, Debug)]
pub(crate) enum Server {
    Usage { details: bool },
    CompletionStart,
    Start { block: usize, role: Role, content: ServerContent },
    Words { block: usize, role: Option<Role>, kind: Words },
    Sound { block: usize, samples: usize },
    Call { block: usize, call: usize },
    End { block: usize, stop: Option<StopReason> },
    CompletionEnd,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    Unique,
    Empty,
    Signal,
}

impl Server {
    pub(crate) fn event(&self, text: &str) -> ServerEvent {
        let (ids, extra) = (ServerIds::default(), Extra::new());
        let id = |block: &usize| format!("content-{block}").as_str().into();
        match self {
            Self::Usage { details } => ServerEvent::Usage {
                ids,
                total_input_tokens: 9,
                total_output_tokens: 1,
                details: details.then(|| UsageDetails {
                    delta: Usage { input: TokenCounts { speech: 1, text: 2 }, ..Usage::default() },
                    total: Usage::default(),
                }),
                extra,
            },
            Self::CompletionStart => ServerEvent::CompletionStart { ids, extra },
            Self::Start { block, role, content } => ServerEvent::ContentStart {
                ids,
                content_id: id(block),
                role: role.clone(),
                content: content.clone(),
                extra,
            },
            Self::Words { block, role, .. } => ServerEvent::TextOutput {
                ids,
                content_id: id(block),
                role: role.clone(),
                text: text.to_owned(),
                extra,
            },
            Self::Sound { block, samples } => {
                ServerEvent::AudioOutput { ids, content_id: id(block), pcm: vec![1; *samples].into(), extra }
            }
            Self::Call { block, call } => ServerEvent::ToolUse {
                ids,
                content_id: id(block),
                tool_use_id: call_id(*call).as_str().into(),
                tool_name: "look_up".to_owned(),
                input: "{}".to_owned(),
                extra,
            },
            Self::End { block, stop } => ServerEvent::ContentEnd {
                ids,
                content_id: id(block),
                content_type: Some(ContentType::Text),
                stop_reason: stop.clone(),
                extra,
            },
            Self::CompletionEnd => {
                ServerEvent::CompletionEnd { ids, stop_reason: Some(StopReason::EndTurn), extra }
            }
            Self::Unknown => ServerEvent::Unknown { name: "surpriseEvent".to_owned(), body: 1.into() },
        }
    }
}

pub(crate) fn call_id(call: usize) -> String {
    format!("call-{call}")
}

pub(crate) fn failure() -> Failure {
    Failure::new(ErrorCode::ConnectionLost, "the stream was reset")
}

pub(crate) fn service_error(exception: &ServiceException, message: &str) -> ServiceError {
    ServiceError::new(exception.clone(), message)
}

pub(crate) fn unreadable() -> EventError {
    EventError::Envelope
}

const SPECULATIVE: ServerContent = ServerContent::Text { stage: Some(GenerationStage::Speculative) };
const FINAL: ServerContent = ServerContent::Text { stage: Some(GenerationStage::Final) };
const SOUND: ServerContent = ServerContent::Audio { sample_rate_hertz: 24_000 };

fn stop() -> impl Strategy<Value = Option<StopReason>> {
    prop_oneof![
        4 => Just(Some(StopReason::PartialTurn)),
        3 => Just(Some(StopReason::EndTurn)),
        2 => Just(Some(StopReason::Interrupted)),
        2 => Just(Some(StopReason::ToolUse)),
        1 => Just(Some(StopReason::Other("NEWS".to_owned()))),
        1 => Just(None),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![
        Just(Role::User),
        Just(Role::Assistant),
        Just(Role::Tool),
        Just(Role::Other("GHOST".to_owned()))
    ]
}

fn content() -> impl Strategy<Value = ServerContent> {
    prop_oneof![
        3 => Just(SPECULATIVE),
        3 => Just(FINAL),
        1 => Just(ServerContent::Text { stage: None }),
        3 => Just(SOUND),
        2 => Just(ServerContent::Tool),
        1 => Just(ServerContent::Other("VIDEO".to_owned())),
    ]
}

/// Any event in any order, over few blocks and few calls, so that they collide.
fn hostile() -> impl Strategy<Value = Server> {
    let block = 0..5_usize;
    let words = prop_oneof![6 => Just(Words::Unique), 1 => Just(Words::Empty), 1 => Just(Words::Signal)];
    prop_oneof![
        1 => any::<bool>().prop_map(|details| Server::Usage { details }),
        1 => Just(Server::CompletionStart),
        5 => (block.clone(), role(), content()).prop_map(|(block, role, content)| Server::Start { block, role, content }),
        5 => (block.clone(), prop::option::of(role()), words)
            .prop_map(|(block, role, kind)| Server::Words { block, role, kind }),
        4 => (block.clone(), 0..12_000_usize).prop_map(|(block, samples)| Server::Sound { block, samples }),
        3 => (block.clone(), 0..4_usize).prop_map(|(block, call)| Server::Call { block, call }),
        5 => (block, stop()).prop_map(|(block, stop)| Server::End { block, stop }),
        1 => Just(Server::CompletionEnd),
        1 => Just(Server::Unknown),
    ]
}

fn block(
    number: usize,
    role: Role,
    content: ServerContent,
    inside: Vec<Server>,
    stop: StopReason,
) -> Vec<Server> {
    let mut events = vec![Server::Start { block: number, role, content }];
    events.extend(inside);
    events.push(Server::End { block: number, stop: Some(stop) });
    events
}

fn words(block: usize, role: Role) -> Vec<Server> {
    vec![Server::Words { block, role: Some(role), kind: Words::Unique }]
}

/// One turn in the real order of blocks: words of the user, plans and sound, a tool, what was spoken, a barge-in.
fn turn(number: usize) -> impl Strategy<Value = Vec<Server>> {
    let sounds = prop::collection::vec(1..24_000_usize, 1..4);
    (0..3_usize, prop::collection::vec(sounds, 0..3), any::<bool>(), 0..4_usize).prop_map(
        move |(fragments, sentences, tool, barge_in)| {
            let first = 1_000 * (number + 1);
            let mut next = first;
            let mut fresh = || {
                next += 1;
                next
            };
            let mut events = vec![Server::Usage { details: true }];
            for _ in 0..fragments {
                let id = fresh();
                events.extend(block(id, Role::User, FINAL, words(id, Role::User), StopReason::PartialTurn));
            }
            if tool {
                let id = fresh();
                let call = vec![Server::Call { block: id, call: id }];
                events.extend(block(id, Role::Tool, ServerContent::Tool, call, StopReason::ToolUse));
            }
            let last = sentences.len().saturating_sub(1);
            for (index, sounds) in sentences.iter().enumerate() {
                let id = fresh();
                events.extend(block(
                    id,
                    Role::Assistant,
                    SPECULATIVE,
                    words(id, Role::Assistant),
                    StopReason::PartialTurn,
                ));
                let id = fresh();
                let mut inside: Vec<_> =
                    sounds.iter().map(|samples| Server::Sound { block: id, samples: *samples }).collect();
                inside.push(Server::Usage { details: false });
                let stop = if index == last { StopReason::EndTurn } else { StopReason::PartialTurn };
                events.extend(block(id, Role::Assistant, SOUND, inside, stop));
            }
            if barge_in == 3 && !sentences.is_empty() {
                let id = fresh();
                let signal =
                    vec![Server::Words { block: id, role: Some(Role::Assistant), kind: Words::Signal }];
                events.extend(block(id, Role::Assistant, FINAL, signal, StopReason::Interrupted));
            } else {
                for _ in &sentences {
                    let id = fresh();
                    events.extend(block(
                        id,
                        Role::Assistant,
                        FINAL,
                        words(id, Role::Assistant),
                        StopReason::PartialTurn,
                    ));
                }
            }
            events
        },
    )
}

pub(crate) fn legal_service() -> impl Strategy<Value = Vec<Server>> {
    (turn(0), turn(1), turn(2)).prop_map(|(a, b, c)| [vec![Server::CompletionStart], a, b, c].concat())
}

fn microphone() -> impl Strategy<Value = Microphone> {
    prop_oneof![Just(Microphone::Open), Just(Microphone::Muted), Just(Microphone::Closed)]
}

/// What a caller does, whether wise or not. `calls` are the numbers that it may answer.
fn caller(calls: Vec<usize>) -> impl Strategy<Value = Step> {
    let call = prop::sample::select(calls);
    let json =
        prop::sample::select(vec!["{\"ok\":true}", "[1,2]", "\"sunny\"", "null", "not json", "{\"cut\":"]);
    prop_oneof![
        1 => Just(Step::Connected),
        8 => prop_oneof![Just(512_usize), 0..16_001_usize].prop_map(Step::Audio),
        3 => Just(Step::Text),
        1 => Just(Step::BadText),
        3 => microphone().prop_map(Step::Microphone),
        2 => (0..8_u64, 0..60_000_u64).prop_map(|(turn, samples)| Step::Played { turn, samples }),
        1 => Just(Step::Interrupt),
        3 => (call.clone(), json).prop_map(|(call, json)| Step::ToolResult { call, json }),
        1 => call.prop_map(|call| Step::ToolFailed { call }),
        1 => Just(Step::Unreadable),
        1 => Just(Step::Exception { exception: ServiceException::Validation, message: "Tool Response parsing error" }),
        2 => Just(Step::Timeout),
        6 => Just(Step::Wait),
    ]
}

/// What ends a conversation in mid-script; rare, for little can be learned behind it.
fn ending() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Hangup),
        1 => Just(Step::Failed),
        1 => Just(Step::Disconnected),
        1 => Just(Step::Exception { exception: ServiceException::ModelTimeout, message: "Model has timed out" }),
    ]
}

fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..64_u64, 2 => 0..2_000_u64, 1 => 0..8_000_u64]
}

/// A script with a hostile service.
pub(crate) fn hostile_script() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let step = prop_oneof![
        30 => hostile().prop_map(Step::Server),
        30 => caller((0..4).collect()),
        1 => ending(),
    ];
    prop::collection::vec((pause(), step), 1..80)
}

/// A script with a service that keeps the real order of blocks, and a caller who does what it likes in between.
pub(crate) fn legal_script() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let calls = (0..3_usize).flat_map(|turn| (1..5).map(move |call| 1_000 * (turn + 1) + call)).collect();
    let step = (pause(), caller(calls));
    (legal_service(), prop::collection::vec(step, 60), prop::collection::vec(any::<bool>(), 200)).prop_map(
        |(service, caller, order)| {
            let (mut service, mut caller) = (service.into_iter(), caller.into_iter());
            let mut script = vec![(0, Step::Connected)];
            for from_service in order {
                if from_service {
                    script.extend(service.next().map(|event| (5, Step::Server(event))));
                } else {
                    script.extend(caller.next());
                }
            }
            script.extend(service.map(|event| (5, Step::Server(event))));
            script
        },
    )
}
