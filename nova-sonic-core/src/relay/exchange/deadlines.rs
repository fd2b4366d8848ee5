//! What happens when nothing happens.

use super::{
    Client, Exchange, ExchangeOutput, Service,
    refusal::{Overrun, Refusal},
};
use crate::{relay::CloseCode, time::Tick};

impl Exchange {
    /// Looks at the deadlines; early calls change nothing.
    pub fn handle_timeout(&mut self, now: Tick) {
        self.now = self.now.max(now);
        if self.closing.is_some_and(|deadline| deadline <= self.now) {
            self.closing = None;
            if !matches!(self.service, Service::Ended) {
                self.service = Service::Ended;
                self.queue.push_back(ExchangeOutput::Abandon);
            }
            self.close(CloseCode::Ended, None);
        }
        if self.client != Client::Present {
            return;
        }
        while let Some((call, deadline)) = self.calls.front().cloned()
            && deadline <= self.now
        {
            self.calls.pop_front();
            // one that was answered meanwhile is no longer known to the guard
            let _ = self.guard.tool_failed(&call, "the tool did not answer in time");
            self.settle();
        }
        let limits = &self.limits;
        let overrun = match limits.idle {
            _ if self.heard_from.after(limits.silence) <= self.now => Overrun::silent(limits.silence),
            Some(idle) if self.spoken.after(idle) <= self.now => Overrun::idle(idle),
            Some(_) | None => {
                if let Err(over) = self.guard.handle_timeout(self.now) {
                    let Refusal { code, fault } = over.into();
                    self.close(code, Some(fault));
                }
                return;
            }
        };
        self.close(CloseCode::Limit, Some(overrun.into()));
    }

    /// When to call [`Exchange::handle_timeout`]; `None` when no deadline is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Tick> {
        if self.client != Client::Present {
            return self.closing;
        }
        let silent = Some(self.heard_from.after(self.limits.silence));
        let idle = self.limits.idle.map(|idle| self.spoken.after(idle));
        let call = self.calls.front().map(|(_, deadline)| *deadline);
        [self.guard.poll_timeout(), silent, idle, call].into_iter().flatten().min()
    }
}
