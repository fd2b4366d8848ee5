//! Who is let through to STS, where several processes share the limits.

use std::{sync::Arc, time::Duration};

use tokio::runtime::Handle;

use super::{SharedDemand, SharedKeys, SharedLimitKind, SharedLimits, SharedVerdict};
use crate::{
    broker::{Breaker, BreakerRefusal, BrokerError, LimitKind, LimitRefusal, Limits, Outcome, Patience},
    error::ErrorCode,
};

/// How much longer a subject stays locked than a call of STS may take: a lock that is older is a dead process's.
const MARGIN: Duration = Duration::from_secs(15);

/// One broker's part of the shared limits.
pub(in crate::broker) struct SharedAdmission {
    limits: SharedLimits,
    prefix: String,
    demand: SharedDemand,
}

/// A request that was let through. Dropped before it is settled, it frees the subject's place all the same.
pub(in crate::broker) struct SharedPermit {
    admission: Arc<SharedAdmission>,
    keys: SharedKeys,
    token: String,
    generation: u64,
    held: bool,
}

impl SharedAdmission {
    pub(in crate::broker) fn new(
        limits: SharedLimits,
        prefix: String,
        counts: Limits,
        breaker: &Breaker,
        patience: &Patience,
    ) -> Self {
        let demand = SharedDemand {
            lock: patience.total + MARGIN,
            per_minute: counts.per_minute,
            per_day: counts.per_day,
            per_address_per_minute: None,
            total_per_minute: None,
            failures: breaker.threshold(),
            pause: breaker.pause(),
        };
        Self { limits, prefix, demand }
    }

    /// Lets a request through and counts it, or says why not. What cannot be counted is refused.
    pub(in crate::broker) async fn admit(
        self: &Arc<Self>,
        subject: &str,
    ) -> Result<SharedPermit, BrokerError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| BrokerError::Random)?;
        let mut permit = SharedPermit {
            admission: Arc::clone(self),
            keys: SharedKeys::with_prefix(&self.prefix, subject, ""),
            token: format!("{:032x}", u128::from_be_bytes(random)),
            generation: 0,
            // a question whose answer is not waited for may have been answered with yes
            held: true,
        };
        let verdict = self.limits.admit(&permit.keys, &self.demand, &permit.token).await?;
        let (kind, retry_after) = match verdict {
            SharedVerdict::Admitted { generation } => {
                permit.generation = generation;
                return Ok(permit);
            }
            SharedVerdict::Refused { kind, retry_after } => (kind, retry_after),
        };
        permit.held = false;
        let (kind, limit) = match kind {
            SharedLimitKind::Breaker => {
                let last = ErrorCode::CredentialsUnavailable;
                return Err(BreakerRefusal { last, retry_after }.into());
            }
            SharedLimitKind::InFlight => (LimitKind::InFlight, 1),
            SharedLimitKind::PerDay => (LimitKind::PerDay, self.demand.per_day),
            // nothing else is asked for
            SharedLimitKind::PerMinute | SharedLimitKind::PerAddress | SharedLimitKind::Total => {
                (LimitKind::PerMinute, self.demand.per_minute)
            }
        };
        Err(LimitRefusal { kind, limit: limit.into(), retry_after }.into())
    }
}

impl SharedPermit {
    /// Frees the subject's place and tells the breaker. What was issued is issued: where Redis is gone, the place frees
    /// itself.
    pub(in crate::broker) async fn settle(mut self, outcome: Outcome) {
        self.end(outcome).await;
        // not before: whoever waits may go away while Redis is being told
        self.held = false;
    }

    async fn end(&self, outcome: Outcome) {
        let SharedAdmission { limits, demand, .. } = &*self.admission;
        let _ = limits.settle(&self.keys, demand, &self.token, self.generation, outcome).await;
    }
}

impl Drop for SharedPermit {
    fn drop(&mut self) {
        if std::mem::take(&mut self.held)
            && let Ok(runtime) = Handle::try_current()
        {
            let left = Self {
                admission: Arc::clone(&self.admission),
                keys: self.keys.clone(),
                token: std::mem::take(&mut self.token),
                generation: self.generation,
                held: false,
            };
            drop(runtime.spawn(async move { left.end(Outcome::Unknown).await }));
        }
    }
}
