//! What these tests need and others do not.

use nova_sonic_core::{
    client::{Client, VoiceEvents, VoiceSession},
    session::SessionConfig,
};
use nova_sonic_interop::{Heard, in_time, listen};
use nova_sonic_sim::{Simulator, model::Scenario};

/// A scenario that is known to be legal.
pub(crate) fn scenario(json: &str) -> Scenario {
    Scenario::from_json(json).expect("a legal scenario")
}

/// A simulator that plays this scenario.
pub(crate) async fn simulator(json: &str) -> Simulator {
    nova_sonic_interop::simulator(scenario(json)).await.expect("a free port")
}

/// A client that trusts it.
pub(crate) async fn client(simulator: &Simulator) -> Client {
    nova_sonic_interop::client(simulator).await.expect("a legal certificate")
}

/// An open conversation.
pub(crate) async fn open(simulator: &Simulator, config: SessionConfig) -> (VoiceSession, VoiceEvents) {
    let client = client(simulator).await;
    in_time(client.open(config)).await.expect("no hang").expect("an open stream")
}

/// What came until the end, which has to come.
pub(crate) async fn heard(events: &mut VoiceEvents) -> Heard {
    in_time(listen(events, |_| {})).await.expect("the conversation ends")
}

/// Waits for an event that `wanted` accepts and answers what it makes of it; everything else passes.
pub(crate) async fn wait_for<T>(
    events: &mut VoiceEvents,
    wanted: impl Fn(&nova_sonic_core::session::Event) -> Option<T>,
) -> T {
    in_time(async {
        loop {
            let event = events.next().await.expect("the conversation goes on");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    })
    .await
    .expect("the event comes")
}
