//! From what each stream's session has to say to what the driver does: one count of turns, one state, one sum of tokens.

use super::{Conversation, Directive, Leg, Renewal};
use crate::session::{Event, Output, Phase, State, TurnId};

impl Conversation {
    /// The next thing to do; `None` once drained. Infallible, never blocks.
    pub fn poll_output(&mut self) -> Option<Directive> {
        if let Some(directive) = self.poll_leaving() {
            return Some(directive);
        }
        if let Some(directive) = self.queue.pop_front() {
            return Some(directive);
        }
        while let Some(output) = self.current.session.poll_output() {
            let directive = match output {
                Output::Send(event) => Some(Directive::Send(self.current.stream, event)),
                Output::EndInput => Some(Directive::EndInput(self.current.stream)),
                Output::Emit(event) => self.current_says(event),
            };
            if directive.is_some() {
                return directive;
            }
        }
        self.poll_next()
    }

    /// Those that say goodbye have something to say before the others.
    fn poll_leaving(&mut self) -> Option<Directive> {
        let mut place = 0;
        while let Some(leg) = self.leaving.get_mut(place) {
            let stream = leg.stream;
            match leg.session.poll_output() {
                Some(Output::Send(event)) => return Some(Directive::Send(stream, event)),
                Some(Output::EndInput) => return Some(Directive::EndInput(stream)),
                Some(Output::Emit(event)) => {
                    let (base, heard) = (leg.turn_base, leg.carried);
                    if let Some(event) = self.last_words(event, base, heard) {
                        return Some(Directive::Emit(event));
                    }
                }
                None if leg.session.phase == Phase::Closed => {
                    self.leaving.remove(place);
                    return Some(Directive::Release(stream));
                }
                None => place += 1,
            }
        }
        None
    }

    /// What a successor has to say itself nobody hears before it has taken over; it hears the same as the current one.
    fn poll_next(&mut self) -> Option<Directive> {
        while let Some(Leg { stream, session, .. }) = self.next.as_deref_mut() {
            match session.poll_output()? {
                Output::Send(event) => return Some(Directive::Send(*stream, event)),
                Output::EndInput => return Some(Directive::EndInput(*stream)),
                Output::Emit(Event::Usage { delta, .. }) => {
                    self.usage.add(delta);
                    return Some(Directive::Emit(Event::Usage { delta, total: self.usage }));
                }
                Output::Emit(_) => {}
            }
        }
        None
    }

    fn current_says(&mut self, event: Event) -> Option<Directive> {
        let base = self.current.turn_base;
        let event = match event {
            // the conversation is over only when no other stream takes over
            Event::Closed { .. } | Event::StateChanged { to: State::Closed, .. } if self.lost.is_some() => {
                return None;
            }
            Event::StateChanged { to, .. } => {
                let from = std::mem::replace(&mut self.state, to);
                if from == to {
                    return None;
                }
                Event::StateChanged { from, to }
            }
            Event::RenewalDue { reason } if self.current.session.config().renewal => {
                if let Some(renewal) = &mut self.renewal {
                    renewal.also_for(reason, self.now);
                    return None;
                }
                self.renewal =
                    Some(Renewal::new(reason, self.current.session.state(), self.now, self.renewed_at));
                Event::Renewing { reason }
            }
            event @ (Event::Transcript { .. }
            | Event::Audio { .. }
            | Event::Interrupted { .. }
            | Event::ToolCall { .. }
            | Event::Usage { .. }
            | Event::RenewalDue { .. }
            | Event::Renewing { .. }
            | Event::Renewed { .. }
            | Event::Error(_)
            | Event::Unknown { .. }
            | Event::Closed { .. }) => self.as_of_conversation(event, base),
        };
        Some(Directive::Emit(event))
    }

    /// What still counts of a stream that has handed over, or was never needed: tokens, and the end of an answer.
    fn last_words(&mut self, event: Event, base: u64, heard: bool) -> Option<Event> {
        let answer = matches!(event, Event::Transcript { .. } | Event::Audio { .. });
        if matches!(event, Event::Usage { .. }) || (heard && answer) {
            Some(self.as_of_conversation(event, base))
        } else {
            None
        }
    }

    pub(super) fn as_of_conversation(&mut self, mut event: Event, base: u64) -> Event {
        if let Event::Transcript { turn, .. } | Event::Audio { turn, .. } | Event::Interrupted { turn, .. } =
            &mut event
        {
            *turn = TurnId::new(turn.number() + base);
            self.last_turn = self.last_turn.max(turn.number());
        } else if let Event::Usage { delta, total } = &mut event {
            self.usage.add(*delta);
            *total = self.usage;
        }
        event
    }
}
