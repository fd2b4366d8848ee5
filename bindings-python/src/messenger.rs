//! A thread that rings for event loops that watch no socket of ours.
//!
//! To wake a coroutine takes the GIL. A thread of the runtime that waited for it would stand still meanwhile, and all
//! connections with it: beside a busy event loop for up to five milliseconds, for each outcome. So this thread waits
//! instead, and brings along whatever else has come until then.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{self, Receiver, Sender},
    thread::{Builder, JoinHandle},
};

use pyo3::prelude::*;

/// Hands one outcome over; none is the last word.
type Delivery = Option<Box<dyn FnOnce() + Send>>;

/// Where outcomes are left to be delivered.
#[derive(Clone, Debug)]
pub(crate) struct Messenger(Sender<Delivery>);

impl Messenger {
    /// Starts the thread.
    pub(crate) fn start() -> io::Result<(Self, JoinHandle<()>)> {
        let (sender, deliveries) = mpsc::channel();
        let thread =
            Builder::new().name("nova-sonic-messenger".to_owned()).spawn(move || deliver(&deliveries))?;
        Ok((Self(sender), thread))
    }

    /// Leaves an outcome; never waits.
    pub(crate) fn leave(&self, delivery: impl FnOnce() + Send + 'static) {
        // Without a thread there is no event loop that could wait for it either.
        drop(self.0.send(Some(Box::new(delivery))));
    }

    /// Ends the thread once it has delivered what was left before.
    pub(crate) fn end(&self) {
        drop(self.0.send(None));
    }
}

fn deliver(deliveries: &Receiver<Delivery>) {
    while let Ok(Some(first)) = deliveries.recv() {
        let goes_on = Python::try_attach(|_| {
            hand_over(first);
            for next in deliveries.try_iter() {
                let Some(next) = next else { return false };
                hand_over(next);
            }
            true
        });
        if goes_on != Some(true) {
            return;
        }
    }
}

/// One event loop that is broken must not keep the others waiting: the panic has been reported where it happened.
fn hand_over(delivery: impl FnOnce()) {
    drop(catch_unwind(AssertUnwindSafe(delivery)));
}
