//! Many at once, some of them hostile: each harms only itself, and nothing is left of any.

use std::time::Duration;

use nova_sonic_core::{relay_handler::RelayHandler, session::SessionConfig};
use nova_sonic_interop::{client, in_time, utterance};
use nova_sonic_sim::model::Scenario;

use crate::{page::Page, rest, spoken};

/// How a page takes its leave; by its number.
async fn visit(handler: RelayHandler, number: usize) {
    let subject = format!("visitor {}", number % 40);
    let connection = handler.connect(&subject);
    match number % 5 {
        // garbage
        0 => {
            connection.receive_text("garbage");
            rest(&connection).await;
        }
        // never asks for anything
        1 => {
            connection.receive_binary(&[0; 640]);
        }
        // cut while it is being opened
        2 => drop(Page::new(connection, SessionConfig::default())),
        // gone before anything has come
        3 => {
            let mut page = Page::new(connection, SessionConfig::default());
            page.speak(&utterance(200));
            page.connection.gone();
            rest(&page.connection).await;
        }
        _ => {
            let mut page = Page::new(connection, SessionConfig::default());
            page.speak(&utterance(400));
            page.wait_for(spoken).await;
            page.hang_up();
            page.run().await;
        }
    }
}

/// Most tasks that may be left when nobody talks: those of the 32 connections that a client keeps for the next
/// conversations, and of those that are about to end. Each has some four.
const KEPT: usize = 250;

#[test]
fn a_thousand_pages_come_and_go_at_random_and_leave_nothing_behind() {
    let runtime = |threads| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .expect("threads")
    };
    // apart, so that only the relay's own tasks are counted
    let (there, here) = (runtime(1), runtime(1));
    let scenario = Scenario::named("parrot").expect("it comes along");
    let starting = nova_sonic_interop::simulator_with(scenario, |config| config.max_concurrent_streams = 400);
    let simulator = there.block_on(starting).expect("a free port");
    let client = here.block_on(client(&simulator)).expect("a client");
    let handler = RelayHandler::new(client).per_subject(40);
    let mut counts = Vec::new();
    for round in 0..25 {
        here.block_on(async {
            let visits: Vec<_> =
                (0..200).map(|number| tokio::spawn(visit(handler.clone(), round * 40 + number))).collect();
            for visit in visits {
                in_time(visit).await.expect("no hang").expect("no panic");
            }
            in_time(handler.emptied()).await.expect("everybody has left");
            let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
            let settled = async {
                while tasks() > KEPT {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            assert!(in_time(settled).await.is_some(), "{} tasks are left", tasks());
        });
        let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        counts.push((here.metrics().num_alive_tasks(), files));
    }
    let (second, last) = (counts[1], counts[24]);
    assert!(last.0 <= second.0 + 40 && last.1 <= second.1 + 40, "tasks or open files grow: {counts:?}");
    assert_eq!(handler.running(), 0);
}
