//! The conversation itself: one loop over what is said, what is heard, and who loses patience.

use std::{collections::VecDeque, time::Duration};

use nova_sonic_core::{
    client::{VoiceEvents, VoiceSession},
    error::ErrorCode,
    session::{CloseReason, Event, Failure, RenewalReason, SessionError, State, TurnId},
};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{
    error::TalkError,
    interrupt::Interrupts,
    record::Record,
    speech::{Delivery, Pace, Step, Utterance},
    tool::{self, Tool},
};

/// What is to be said, and how.
pub(crate) struct Plan {
    pub(crate) utterances: VecDeque<Utterance>,
    pub(crate) interruption: Option<Utterance>,
    pub(crate) pace: Pace,
    pub(crate) patience: Duration,
    pub(crate) tools: Vec<Tool>,
}

/// How far an answer is heard before it is interrupted.
const INTERRUPT_AFTER: Duration = Duration::from_secs(1);
/// How long a broken conversation may take to end in order.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Plan {
    /// How long it is quiet before an answer counts as over: a tool may be called after the last word.
    const fn settle(&self) -> Duration {
        match self.pace {
            Pace::Microphone => Duration::from_secs(1),
            Pace::Fast => Duration::from_millis(250),
        }
    }
}

/// What a moment is waited for.
#[derive(Clone, Copy, Debug)]
enum Due {
    Interruption,
    NextUtterance,
    LossOfPatience,
}

/// A conversation under way.
pub(crate) struct Conversation<'record> {
    voice: VoiceSession,
    events: VoiceEvents,
    plan: Plan,
    record: &'record mut Record,
    delivery: Option<Delivery>,
    state: State,
    state_since: Instant,
    /// When the service last said anything, or anything was said to it.
    last_sign: Instant,
    speech_ended: Option<Instant>,
    /// The latest answer, and the one before what was said last.
    answer: Option<TurnId>,
    answer_before: Option<TurnId>,
    interrupt_at: Option<Instant>,
    /// An answer of which some was heard has just ended before its end.
    is_cut: bool,
    hung_up: bool,
}

impl<'record> Conversation<'record> {
    pub(crate) fn new(
        (voice, events): (VoiceSession, VoiceEvents),
        plan: Plan,
        record: &'record mut Record,
    ) -> Self {
        let now = Instant::now();
        Self {
            voice,
            events,
            plan,
            record,
            delivery: None,
            state: State::Initializing,
            state_since: now,
            last_sign: now,
            speech_ended: None,
            answer: None,
            answer_before: None,
            interrupt_at: None,
            is_cut: false,
            hung_up: false,
        }
    }

    /// Says everything, waits for every answer, and hangs up.
    pub(crate) async fn hold(mut self, interrupts: &mut Interrupts) -> Result<CloseReason, TalkError> {
        self.next_utterance();
        loop {
            let due = self.due();
            let outcome = tokio::select! {
                biased;
                () = interrupts.next() => self.on_interrupt(),
                event = self.events.next() => match event {
                    Some(Event::Closed { reason }) => return self.on_closed(reason),
                    Some(event) => self.on_event(event),
                    None => return self.on_closed(CloseReason::Disconnected),
                },
                step = step(&mut self.delivery, &self.voice), if self.delivery.is_some() => {
                    self.on_step(&step);
                    Ok(())
                }
                () = wait_until(due.map(|(at, _)| at)), if due.is_some() => match due {
                    Some((_, due)) => self.on_due(due),
                    None => Ok(()),
                }
            };
            if let Err(error) = outcome {
                self.end_in_order().await;
                return Err(error);
            }
        }
    }

    /// What to wait for besides what happens by itself.
    fn due(&self) -> Option<(Instant, Due)> {
        if self.hung_up {
            return None;
        }
        let interruption = self.interrupt_at.map(|at| (at, Due::Interruption));
        let quiet = self.delivery.is_none() && matches!(self.state, State::Listening | State::Idle);
        let next = quiet.then(|| {
            if self.is_answered() {
                (self.state_since.max(self.last_sign) + self.plan.settle(), Due::NextUtterance)
            } else {
                (self.last_sign + self.plan.patience, Due::LossOfPatience)
            }
        });
        interruption.into_iter().chain(next).min_by_key(|(at, _)| *at)
    }

    fn is_answered(&self) -> bool {
        self.answer.is_some() && self.answer != self.answer_before
    }

    fn on_due(&mut self, due: Due) -> Result<(), TalkError> {
        match due {
            Due::Interruption => {
                self.interrupt_at = None;
                if let Some(interruption) = self.plan.interruption.take() {
                    self.say(interruption);
                }
            }
            Due::NextUtterance => self.next_utterance(),
            Due::LossOfPatience => {
                let waited = self.plan.patience.as_secs();
                let message = format!("nothing was heard of the service for {waited} s");
                return Err(Failure::new(ErrorCode::ServerSilent, message).into());
            }
        }
        Ok(())
    }

    /// Says the next utterance; after the last one, hangs up.
    fn next_utterance(&mut self) {
        self.interrupt_at = None;
        // the answer was too short to be interrupted, if there still is something to interrupt it with
        let interruption = self.answer.and_then(|_| self.plan.interruption.take());
        match interruption.or_else(|| self.plan.utterances.pop_front()) {
            Some(utterance) => self.say(utterance),
            None => self.hang_up(),
        }
    }

    fn say(&mut self, utterance: Utterance) {
        self.record.remark(&format!("speaking for {:.1} s", utterance.duration().as_secs_f64()));
        self.answer_before = self.answer;
        self.speech_ended = None;
        let answer = self.record.answer_duration();
        self.delivery = Some(Delivery::new(utterance, self.plan.pace, answer));
    }

    fn hang_up(&mut self) {
        self.hung_up = true;
        self.delivery = None;
        self.voice.hang_up();
    }

    fn on_step(&mut self, step: &Result<Step, SessionError>) {
        self.last_sign = Instant::now();
        match step {
            Ok(Step::Frame) => {}
            Ok(Step::EndOfSpeech) => self.speech_ended = Some(self.last_sign),
            // an error says that the conversation is over, and so will the next event
            Ok(Step::Done) | Err(_) => self.delivery = None,
        }
    }

    fn on_interrupt(&mut self) -> Result<(), TalkError> {
        if self.hung_up {
            return Err(TalkError::Interrupted);
        }
        self.record.remark("hanging up; interrupt again to quit at once");
        self.hang_up();
        Ok(())
    }

    fn on_event(&mut self, event: Event) -> Result<(), TalkError> {
        match event {
            Event::StateChanged { to, .. } => {
                if std::mem::take(&mut self.is_cut) && to == State::Initializing {
                    // its stream broke, and nobody has asked for another answer
                    self.answer_before = None;
                }
                self.state = to;
                self.state_since = Instant::now();
            }
            Event::Transcript { role, text, stage, .. } => {
                self.last_sign = Instant::now();
                self.record.words(&role, &text, stage)?;
            }
            Event::Audio { pcm, turn, .. } => self.on_sound(turn, &pcm)?,
            Event::Interrupted { turn, heard, text } => {
                self.last_sign = Instant::now();
                self.record.interrupted(turn, heard, &text);
                // what interrupted it wants an answer of its own
                self.answer_before = Some(turn);
                self.is_cut = !text.is_empty();
                self.interrupt_at = None;
            }
            Event::ToolCall { id, name, input } => {
                let outcome = tool::run(&self.plan.tools, &name, &input);
                self.record.tool(&name, &input, &outcome);
                let sent = match &outcome {
                    Ok(result) => self.voice.send_tool_result(&id, result),
                    Err(reason) => self.voice.fail_tool(&id, reason),
                };
                if let Err(error) = sent {
                    self.record.remark(&format!("the tool's answer came too late: {error}"));
                }
            }
            Event::Usage { total, .. } => self.record.usage = total,
            Event::Renewing { reason } => self.record.remark(match reason {
                RenewalReason::Credentials => {
                    "the credentials end soon: the conversation moves to another stream"
                }
                RenewalReason::Connection => "the connection broke: the conversation moves to another stream",
                RenewalReason::StreamLife | _ => "the stream ends soon: the conversation moves to another",
            }),
            Event::Error(failure) if failure.code() == ErrorCode::ServerSilent => return Err(failure.into()),
            Event::Error(failure) => Record::survived(&failure),
            Event::Unknown { name, .. } => self.record.remark(&format!("the service sent an unknown {name}")),
            // the loop takes the one, and an event of a later version is not for this program
            Event::Closed { .. } | _ => {}
        }
        Ok(())
    }

    fn on_sound(&mut self, turn: TurnId, samples: &[i16]) -> Result<(), TalkError> {
        let now = Instant::now();
        self.last_sign = now;
        let received = self.record.sound(turn, samples)?;
        if self.plan.pace == Pace::Fast {
            self.voice.report_played(turn, u64::try_from(received).unwrap_or(u64::MAX));
        }
        if self.answer != Some(turn) {
            self.answer = Some(turn);
            if let Some(ended) = self.speech_ended.take() {
                self.record.latency(now.duration_since(ended));
            }
            if self.plan.interruption.is_some() {
                self.interrupt_at = Some(now + INTERRUPT_AFTER);
            }
        }
        Ok(())
    }

    fn on_closed(&self, reason: CloseReason) -> Result<CloseReason, TalkError> {
        let lost = |message: &str| Err(Failure::new(ErrorCode::ConnectionLost, message).into());
        match reason {
            CloseReason::Failed(failure) => Err(failure.into()),
            CloseReason::Disconnected => lost("the connection ended in mid-conversation"),
            CloseReason::Ended if !self.is_answered() => lost("the service hung up before it had answered"),
            CloseReason::Hangup | CloseReason::Ended | CloseReason::Idle | CloseReason::TimeLimit | _ => {
                Ok(reason)
            }
        }
    }

    /// After an error: hangs up and keeps what still comes, for a moment.
    async fn end_in_order(&mut self) {
        self.hang_up();
        let end = Instant::now() + LAST_WORDS;
        while let Ok(Some(event)) = timeout_at(end, self.events.next()).await {
            if matches!(event, Event::Closed { .. }) || self.on_event(event).is_err() {
                return;
            }
        }
    }
}

async fn step(delivery: &mut Option<Delivery>, voice: &VoiceSession) -> Result<Step, SessionError> {
    match delivery {
        Some(delivery) => delivery.step(voice).await,
        None => std::future::pending().await,
    }
}

async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
