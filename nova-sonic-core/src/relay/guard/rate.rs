//! How much may come how fast.

use std::time::Duration;

use crate::time::Tick;

/// Lets one unit of cost through per unit of time, and so much at once: the generic cell rate algorithm, which needs
/// no more state than the moment until which everything is spent (ITU-T I.371, annex A).
#[derive(Clone, Copy, Debug)]
pub(in crate::relay) struct Allowance {
    spent_until: Tick,
    burst: Duration,
}

impl Allowance {
    pub(in crate::relay) const fn new(burst: Duration) -> Self {
        Self { spent_until: Tick::ZERO, burst }
    }

    /// Spends `cost`, unless that is more than there is.
    pub(in crate::relay) fn spend(&mut self, now: Tick, cost: Duration) -> bool {
        let until = self.spent_until.max(now).after(cost);
        let affordable = until.since(now) <= self.burst;
        if affordable {
            self.spent_until = until;
        }
        affordable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_only_as_much_as_time() {
        let ms = Duration::from_millis;
        let mut allowance = Allowance::new(ms(100));
        let spent = |allowance: &mut Allowance, now| {
            std::iter::repeat_with(|| allowance.spend(Tick::from_millis(now), ms(10)))
                .take_while(|affordable| *affordable)
                .count()
        };
        assert_eq!(spent(&mut allowance, 5_000), 10);
        assert_eq!(spent(&mut allowance, 5_009), 0);
        assert_eq!(spent(&mut allowance, 5_035), 3);
        assert_eq!(spent(&mut allowance, 60_000), 10, "time unused is not saved up");
    }
}
