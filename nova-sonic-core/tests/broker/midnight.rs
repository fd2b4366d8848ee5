//! Around 00:00 UTC a grant has a key for each of the two dates, and a stream that crosses it goes on.

use std::{sync::Arc, time::Duration};

use nova_sonic_core::{grant::Grant, time::Timestamp};
use nova_sonic_sim::{Simulator, StreamEnd};

use crate::{
    issuing::talk_over_a_websocket,
    stage::{builder, simulator_with, subject, within},
};

const DAY_MS: i64 = 86_400_000;

/// A simulator whose calendar says `time_of_day` now.
async fn simulator_at(time_of_day: Duration) -> Simulator {
    let started = simulator_with(|_| {}).await;
    let now = started.clock().timestamp().unix_millis();
    let wanted = i64::try_from(time_of_day.as_millis()).unwrap();
    let offset = wanted - now.rem_euclid(DAY_MS);
    simulator_with(|config| config.clock_offset_millis = offset).await
}

fn at(hours: u64, minutes: u64) -> Duration {
    Duration::from_mins(hours * 60 + minutes)
}

async fn issue(simulator: &Simulator) -> Grant {
    let clock = simulator.clock().clone();
    let broker = builder(simulator).calendar(move || clock.timestamp()).build().await.unwrap();
    let json = broker.issue(&subject("alice")).await.unwrap().grant.write_json();
    Grant::read_json(&json, simulator.clock().timestamp()).unwrap()
}

#[tokio::test]
async fn one_key_by_day_and_two_before_midnight() {
    for (time_of_day, keys) in
        [(at(12, 0), 1), (at(23, 30), 1), (at(23, 41), 2), (at(23, 58), 2), (at(0, 1), 1)]
    {
        let simulator = simulator_at(time_of_day).await;
        let dates: Vec<_> = issue(&simulator).await.signing_dates().collect();
        assert_eq!(dates.len(), keys, "{time_of_day:?}: {dates:?}");
        assert_eq!(dates.first(), Some(&simulator.clock().timestamp().date()));
    }
}

#[tokio::test]
async fn a_stream_crosses_midnight_with_the_key_of_the_next_day() {
    let simulator = simulator_at(at(23, 58)).await;
    let grant = issue(&simulator).await;
    // each look at the clock is half a minute later: the fifth frame is of the next day
    let clock = simulator.clock().clone();
    let dates = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&dates);
    let now = move || -> Timestamp {
        clock.advance(Duration::from_secs(30));
        let now = clock.timestamp();
        seen.lock().unwrap().push(now.date());
        now
    };
    Box::pin(talk_over_a_websocket(&simulator, grant, now)).await;
    let stream = within(simulator.ended_stream(0)).await;
    assert_eq!((stream.input_ended, stream.end), (true, Some(StreamEnd::Completed)));
    let mut dates = dates.lock().unwrap().clone();
    dates.dedup();
    assert_eq!(dates.len(), 2, "the stream crossed midnight");
}
