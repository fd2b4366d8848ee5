//! What waits to be sent on one stream of a conversation.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::sync::SetOnce;

use super::{framing::Outgoing, shared::Shared};
use crate::{event::ClientEvent, session::StreamId};

/// Events for which a queue keeps room when it is empty: more than one frame of sound brings.
const STEADY: usize = 4;

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) stream: StreamId,
    events: VecDeque<ClientEvent>,
    samples: usize,
    /// Of these, sound that was heard before the stream carried the conversation.
    replayed: usize,
    ended: bool,
    pub(super) network: Option<Waker>,
    pub(super) reader: Option<Waker>,
    /// Set when the stream is not needed any more.
    pub(super) over: Arc<SetOnce<()>>,
}

impl Pipe {
    pub(super) fn new(stream: StreamId) -> Self {
        Self {
            stream,
            events: VecDeque::new(),
            samples: 0,
            replayed: 0,
            ended: false,
            network: None,
            reader: None,
            over: Arc::default(),
        }
    }

    pub(super) fn push(&mut self, event: ClientEvent) {
        self.samples += samples_in(&event);
        self.events.push_back(event);
    }

    /// Nothing more comes.
    pub(super) const fn end(&mut self) {
        self.ended = true;
    }

    /// Lets go of what was to be sent.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.samples = 0;
        self.replayed = 0;
    }

    /// From now on what is said goes this way; what waits already is none of the speaker's.
    pub(super) const fn take_over(&mut self) {
        self.replayed = self.samples;
    }

    /// Samples that wait.
    pub(super) const fn waiting(&self) -> usize {
        self.samples
    }

    /// Samples that wait, and were said since the stream carries the conversation.
    pub(super) const fn fresh(&self) -> usize {
        self.samples - self.replayed
    }

    /// Whoever waits for something to send, if there is something.
    pub(super) fn ready(&mut self) -> Option<Waker> {
        if self.events.is_empty() && !self.ended { None } else { self.network.take() }
    }

    pub(super) fn poll(&mut self, context: &Context<'_>) -> Poll<Option<ClientEvent>> {
        let Some(event) = self.events.pop_front() else {
            if self.ended {
                return Poll::Ready(None);
            }
            // the opening, or a burst, has made it long
            self.events.shrink_to(STEADY);
            self.network = Some(context.waker().clone());
            return Poll::Pending;
        };
        let samples = samples_in(&event);
        self.samples -= samples;
        self.replayed = self.replayed.saturating_sub(samples);
        Poll::Ready(Some(event))
    }
}

/// How much sound is in an event.
fn samples_in(event: &ClientEvent) -> usize {
    if let ClientEvent::AudioInput { pcm, .. } = event { pcm.len() } else { 0 }
}

/// The end of a pipe that the network takes from.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) shared: Arc<Shared>,
    pub(super) stream: StreamId,
}

impl Outgoing for Outlet {
    fn poll_outgoing(&self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        self.shared.poll_outgoing(self.stream, context)
    }
}
