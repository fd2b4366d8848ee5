//! Many at once, some of them hostile: each harms only itself, and nothing is left of any.

use std::time::Duration;

use nova_sonic_core::{relay_handler::RelayHandler, session::SessionConfig};
use nova_sonic_interop::{client, in_time, utterance};

use crate::{page::Page, rest, simulator, spoken};

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

#[tokio::test]
async fn a_thousand_pages_come_and_go_at_random_and_leave_nothing_behind() {
    let simulator = simulator("parrot").await;
    let handler = RelayHandler::new(client(&simulator).await.expect("a client")).per_subject(40);
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let files = || std::fs::read_dir("/proc/self/fd").map(std::iter::Iterator::count).unwrap_or(0);
    let mut counts = Vec::new();
    for round in 0..5 {
        let visits: Vec<_> =
            (0..200).map(|number| tokio::spawn(visit(handler.clone(), round * 200 + number))).collect();
        for visit in visits {
            in_time(visit).await.expect("no hang").expect("no panic");
        }
        in_time(handler.emptied()).await.expect("everybody has left");
        let settled = async {
            // idle connections are kept for the next conversation, but only so many
            while tasks() > 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        in_time(settled).await.expect("the streams have ended");
        counts.push((tasks(), files()));
    }
    let (first, last) = (counts[1], counts[4]);
    assert!(last.0 <= first.0 + 40 && last.1 <= first.1 + 40, "tasks and files grow: {counts:?}");
    assert_eq!(handler.running(), 0);
}
