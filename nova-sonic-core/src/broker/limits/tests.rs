//! The table against a list that never forgets.

use proptest::prelude::*;

use super::*;

const HOUR: u64 = 3_600_000;

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(u8),
    End(u8),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![0..100_u64, 5_000..70_000_u64, HOUR..5 * HOUR];
    let step = prop_oneof![
        4 => (0..4_u8).prop_map(Step::Ask),
        3 => (0..4_u8).prop_map(Step::End),
        1 => wait.prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..400)
}

/// Everybody who was let in, when, and whether he is still being served.
#[derive(Default)]
struct Memory(Vec<(u8, u64, bool)>);

impl Memory {
    fn of(&self, subject: u8) -> impl Iterator<Item = &(u8, u64, bool)> {
        self.0.iter().filter(move |(who, ..)| *who == subject)
    }

    /// When the subject's current day began: a day begins with the first issue after the last one was over.
    fn day(&self, subject: u8, now: u64) -> Option<u64> {
        let mut began = None;
        for (_, at, _) in self.of(subject) {
            if began.is_none_or(|began| at - began >= 24 * HOUR) {
                began = Some(*at);
            }
        }
        began.filter(|began| now - began < 24 * HOUR)
    }

    fn expected(&self, limits: &Limits, subject: u8, now: u64) -> Option<LimitKind> {
        if self.of(subject).any(|(.., served)| *served) {
            return Some(LimitKind::InFlight);
        }
        let since =
            |from: u64| u32::try_from(self.of(subject).filter(|(_, at, _)| *at >= from).count()).unwrap();
        if self.day(subject, now).is_some_and(|began| since(began) >= limits.per_day) {
            return Some(LimitKind::PerDay);
        }
        let minute = self.of(subject).filter(|(_, at, _)| now - at < 60_000).count();
        (u32::try_from(minute).unwrap() >= limits.per_minute).then_some(LimitKind::PerMinute)
    }
}

proptest! {
    #[test]
    fn the_table_agrees_with_one_that_never_forgets(
        steps in steps(),
        per_minute in 1..5_u32,
        per_day in 1..12_u32,
    ) {
        let limits = Limits::default().per_minute(per_minute).per_day(per_day);
        let (mut table, mut memory, mut now) = (LimitTable::new(limits), Memory::default(), 0);
        for step in steps {
            match step {
                Step::Wait(millis) => now += millis,
                Step::Ask(who) => {
                    let said = table.admit([who; 16], Tick::from_millis(now));
                    prop_assert_eq!(said.err().map(|refusal| refusal.kind), memory.expected(&limits, who, now));
                    if said.is_ok() {
                        memory.0.push((who, now, true));
                    }
                }
                Step::End(who) => {
                    table.release([who; 16], Tick::from_millis(now));
                    memory.0.iter_mut().filter(|(other, ..)| *other == who).for_each(|entry| entry.2 = false);
                }
            }
        }
    }

    #[test]
    fn whoever_waits_as_long_as_told_is_let_in_and_not_a_moment_earlier(
        gaps in proptest::collection::vec(0..30_000_u64, 1..60),
        per_minute in 1..5_u32,
        per_day in 1..12_u32,
    ) {
        let mut table = LimitTable::new(Limits::default().per_minute(per_minute).per_day(per_day));
        let (who, mut now) = ([7; 16], Tick::ZERO);
        for gap in gaps {
            now = now.after(Duration::from_millis(gap));
            if let Err(mut refusal) = table.admit(who, now) {
                // a full minute may hide a full day
                for _ in 0..2 {
                    let moment_before = now.after(refusal.retry_after).before(Duration::from_nanos(1));
                    prop_assert!(table.refusal(who, moment_before).is_some());
                    now = now.after(refusal.retry_after);
                    match table.refusal(who, now) {
                        Some(next) => refusal = next,
                        None => break,
                    }
                }
                prop_assert!(table.admit(who, now).is_ok());
            }
            table.release(who, now);
        }
    }

    #[test]
    fn the_table_never_holds_more_than_it_may(
        asks in proptest::collection::vec((any::<u8>(), 0..HOUR), 1..300),
        capacity in 1..20_usize,
    ) {
        let mut table = LimitTable::new(Limits::default().subjects(capacity));
        let mut now = Tick::ZERO;
        for (who, gap) in asks {
            now = now.after(Duration::from_millis(gap));
            let admitted = table.admit([who; 16], now);
            prop_assert!(table.subjects() <= capacity);
            prop_assert_eq!(table.ends.len(), table.subjects.len(), "each subject has one end");
            if admitted.is_ok() {
                table.release([who; 16], now);
            }
        }
        table.advance(now.after(DAY));
        prop_assert_eq!(table.subjects(), 0, "everybody is forgotten when his day is over");
    }
}

#[test]
fn a_full_table_refuses_new_subjects_and_serves_those_it_knows() {
    let mut table = LimitTable::new(Limits::default().subjects(2));
    for who in [[1; 16], [2; 16]] {
        table.admit(who, Tick::ZERO).unwrap();
        table.release(who, Tick::ZERO);
    }
    let later = Tick::from_millis(HOUR);
    let refusal = table.admit([3; 16], later).unwrap_err();
    assert_eq!(
        refusal,
        LimitRefusal { kind: LimitKind::Subjects, limit: 2, retry_after: Duration::from_hours(23) }
    );
    assert_eq!(refusal.code(), ErrorCode::SubjectsExceeded);
    assert!(table.admit([1; 16], later).is_ok(), "who is known is served");
    assert!(
        table.admit([3; 16], later.after(refusal.retry_after)).is_ok(),
        "there is room when a day is over"
    );
}

#[test]
fn who_is_being_served_is_not_forgotten() {
    let mut table = LimitTable::new(Limits::default());
    table.admit([1; 16], Tick::ZERO).unwrap();
    let days_later = Tick::ZERO.after(DAY * 3);
    assert_eq!(table.admit([1; 16], days_later).unwrap_err().kind, LimitKind::InFlight);
    table.release([1; 16], days_later);
    table.advance(days_later.after(MINUTE));
    assert_eq!(table.subjects(), 0);
}

#[test]
fn the_minute_outlives_the_day_that_it_began_in() {
    let mut table = LimitTable::new(Limits::default().per_minute(1));
    let who = [1; 16];
    for moment in [Tick::ZERO, Tick::ZERO.after(DAY).before(Duration::from_secs(10))] {
        table.admit(who, moment).unwrap();
        table.release(who, moment);
    }
    let refusal = table.admit(who, Tick::ZERO.after(DAY)).unwrap_err();
    assert_eq!((refusal.kind, refusal.retry_after), (LimitKind::PerMinute, Duration::from_secs(50)));
}

#[test]
fn a_clock_that_runs_backwards_opens_nothing() {
    let mut table = LimitTable::new(Limits::default().per_minute(1));
    let (who, late) = ([1; 16], Tick::from_millis(100_000));
    table.admit(who, late).unwrap();
    table.release(who, Tick::ZERO);
    assert_eq!(table.admit(who, Tick::ZERO).unwrap_err().retry_after, MINUTE);
}

#[test]
fn nobody_is_printed() {
    let mut table = LimitTable::new(Limits::default());
    table.admit([0xA7; 16], Tick::ZERO).unwrap();
    let shown = format!("{table:?}").to_lowercase();
    assert!(!shown.contains("a7") && !shown.contains("167") && shown.contains("subjects: 1"), "{shown}");
}
