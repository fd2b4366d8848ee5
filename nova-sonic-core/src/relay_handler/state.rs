//! What one socket and one stream share: the exchange between them, and what waits for the socket.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{runtime::Handle, time::Sleep};

use super::{RelayMessage, link::Link, places::Place};
use crate::{
    client::{Client, Clock, StreamEvent},
    relay::{CloseCode, Exchange, ExchangeOutput, Fault, FrameKind, RelayRules},
    time::{Tick, Timestamp},
};

/// Whether a client is let in, where that has to be asked elsewhere: a place that is given back when it is dropped, or why
/// not.
pub(super) type Admission = Pin<Box<dyn Future<Output = Result<Box<dyn Send>, (CloseCode, Fault)>> + Send>>;

/// What one socket and one stream share.
pub(super) struct State {
    pub(super) exchange: Exchange,
    client: Client,
    clock: Clock,
    link: Link,
    place: Option<Place>,
    admission: Option<Admission>,
    elsewhere: Option<Box<dyn Send>>,
    out: VecDeque<RelayMessage>,
    /// Whoever asks for the next message.
    waker: Option<Waker>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// When `sleep` ends, if it is under way.
    planned: Option<Tick>,
    ended: Option<Timestamp>,
    /// Where the connection was asked for its messages: what is left of its stream is read to the end there.
    runtime: Option<Handle>,
}

impl State {
    pub(super) fn new(
        exchange: Exchange,
        client: Client,
        clock: Clock,
        place: Option<Place>,
        admission: Option<Admission>,
    ) -> Self {
        Self {
            exchange,
            client,
            clock,
            link: Link::None,
            place,
            admission,
            elsewhere: None,
            out: VecDeque::new(),
            waker: None,
            sleep: None,
            planned: None,
            ended: None,
            runtime: None,
        }
    }

    pub(super) fn now(&self) -> Tick {
        self.clock.now()
    }

    pub(super) const fn ended(&self) -> Option<Timestamp> {
        self.ended
    }

    /// Does what the exchange says, and returns whom to wake for it.
    pub(super) fn settle(&mut self) -> Option<Waker> {
        if self.admission.is_some() {
            return None;
        }
        let link_is_new = self.carry_out();
        let earlier = match (self.exchange.poll_timeout(), self.planned) {
            (Some(deadline), Some(planned)) => deadline < planned,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let attention = link_is_new || earlier || !self.out.is_empty() || self.exchange.is_over();
        if attention { self.waker.take() } else { None }
    }

    /// Moves what the exchange wants to where it belongs; `true` when the stream began to be opened, or was cut.
    fn carry_out(&mut self) -> bool {
        let mut link_is_new = false;
        while let Some(output) = self.exchange.poll_output() {
            match output {
                ExchangeOutput::Open(first) => {
                    self.link = Link::open(&self.client, first);
                    link_is_new = true;
                }
                ExchangeOutput::ToService(event) => {
                    if let Err(failure) = self.link.send(event) {
                        self.link = Link::Over;
                        link_is_new = true;
                        self.exchange.handle_failure(self.clock.now(), &failure);
                    }
                }
                ExchangeOutput::EndInput => self.link.finish(),
                ExchangeOutput::Abandon => {
                    self.link = Link::Over;
                    link_is_new = true;
                }
                ExchangeOutput::Message { kind: FrameKind::Binary, bytes } => {
                    self.out.push_back(RelayMessage::Binary(bytes));
                }
                ExchangeOutput::Message { kind: FrameKind::Text, bytes } => {
                    // JSON that was just written
                    if let Ok(text) = String::from_utf8(bytes) {
                        self.out.push_back(RelayMessage::Text(text));
                    }
                }
                ExchangeOutput::CallTool { id, name, input } => {
                    self.out.push_back(RelayMessage::ToolCall { id, name, input });
                }
                ExchangeOutput::Close { code, reason } => {
                    self.out.push_back(RelayMessage::Close { code, reason });
                }
            }
        }
        link_is_new
    }

    /// The next thing for whoever holds the socket; `None` when both sides are done.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<RelayMessage>> {
        if self.runtime.is_none() {
            self.runtime = Handle::try_current().ok();
        }
        if let Some(admission) = &mut self.admission {
            let Poll::Ready(admitted) = admission.as_mut().poll(context) else {
                self.remember(context);
                return Poll::Pending;
            };
            self.admission = None;
            match admitted {
                Ok(place) => self.elsewhere = Some(place),
                Err((code, fault)) => self.exchange = Exchange::refused(code, fault, self.clock.now()),
            }
        }
        loop {
            self.carry_out();
            if let Some(message) = self.out.pop_front() {
                return Poll::Ready(Some(message));
            }
            if self.exchange.is_over() {
                self.conclude();
                return Poll::Ready(None);
            }
            if self.poll_service(context).is_ready() || self.poll_time(context).is_ready() {
                continue;
            }
            self.remember(context);
            return Poll::Pending;
        }
    }

    fn remember(&mut self, context: &Context<'_>) {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            self.waker = Some(context.waker().clone());
        }
    }

    fn poll_service(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let received = std::task::ready!(self.link.poll(context));
        let now = self.clock.now();
        match received {
            Some(StreamEvent::Event(event)) => self.exchange.handle_service(now, event),
            Some(StreamEvent::Exception(error)) => self.exchange.handle_exception(now, error),
            Some(StreamEvent::Unreadable(error)) => self.exchange.handle_unreadable(now, error),
            Some(StreamEvent::Failed(failure)) => self.exchange.handle_failure(now, &failure),
            None => self.exchange.handle_service_end(now),
        }
        Poll::Ready(())
    }

    /// One timer, which is set anew only for an earlier deadline: most move on before they come.
    fn poll_time(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.exchange.poll_timeout() else { return Poll::Pending };
        let now = self.clock.now();
        if deadline <= now {
            self.exchange.handle_timeout(now);
            return Poll::Ready(());
        }
        let instant = self.clock.instant(deadline);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(instant)));
        if self.planned.is_none_or(|planned| deadline < planned) {
            sleep.as_mut().reset(instant);
            self.planned = Some(deadline);
        }
        std::task::ready!(sleep.as_mut().poll(context));
        self.planned = None;
        Poll::Ready(())
    }

    /// The client's socket is gone: what waited for it is of no use.
    pub(super) fn client_gone(&mut self) -> Option<Waker> {
        self.exchange.handle_gone(self.clock.now());
        self.out.clear();
        if self.admission.take().is_some() {
            // what it would have opened is not opened any more
            self.exchange = Exchange::new(RelayRules::new(""), self.clock.now());
            self.exchange.handle_gone(self.clock.now());
            return self.settle().or_else(|| self.waker.take());
        }
        self.settle()
    }

    fn conclude(&mut self) {
        self.place = None;
        self.elsewhere = None;
        self.sleep = None;
        if self.ended.is_none() {
            self.ended = Some(crate::client::timestamp());
        }
    }

    /// Nobody asks any more: ends the stream in order, and has it read to its end, for so long.
    pub(super) fn abandon(&mut self, patience: Duration) {
        drop(self.client_gone());
        self.conclude();
        let link = std::mem::take(&mut self.link);
        // on a runtime that is gone, the stream is cut
        if link.is_open()
            && let Some(runtime) = &self.runtime
        {
            drop(runtime.spawn(link.drain(patience)));
        }
    }
}
