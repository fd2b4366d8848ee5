//! Who is let in, and whether this process is well.

use std::{net::TcpListener, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Query, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use nova_sonic_core::{
    relay::{CloseCode, RelayRules, ticket::TicketKey},
    relay_handler::{RelayConnection, RelayHandler, RelayLedger},
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{socket, tools::Tools};

/// How long a client may take to say what it wants: until then it costs a socket, and nobody knows whose.
const KNOCK: Duration = Duration::from_secs(10);
/// How long nobody is let in when the system has no room for another socket.
const BREATHER: Duration = Duration::from_millis(100);

/// One thread's server.
#[derive(Clone)]
pub(crate) struct Server(Arc<Parts>);

/// What one thread serves with.
pub(crate) struct Parts {
    pub(crate) handler: RelayHandler,
    pub(crate) key: TicketKey,
    pub(crate) ledger: Option<RelayLedger>,
    pub(crate) tools: Option<Tools>,
    /// How long a client may take nothing before it counts as gone.
    pub(crate) stall: Duration,
}

#[derive(Debug, Deserialize)]
struct Shown {
    ticket: Option<String>,
}

impl Server {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        mut stopping: watch::Receiver<bool>,
    ) -> std::io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let routes = Router::new().route("/relay", get(relay)).route("/health", get(health)).with_state(self);
        let routes = TowerToHyperService::new(routes);
        let mut http = http1::Builder::new();
        // axum's own loop waits for ever for somebody who opens a socket and says nothing
        http.timer(TokioTimer::new()).header_read_timeout(KNOCK);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stopping.wait_for(|stopping| *stopping) => return Ok(()),
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(BREATHER).await;
                continue;
            };
            let served = http.serve_connection(TokioIo::new(stream), routes.clone()).with_upgrades();
            // whoever breaks the protocol is answered, or gone
            drop(tokio::spawn(served));
        }
    }

    /// The connection of whoever shows this ticket. One that is refused is told so over the socket: a page sees nothing
    /// of a handshake that was.
    fn admit(&self, ticket: Option<&str>) -> RelayConnection {
        let Parts { handler, key, tools, .. } = &*self.0;
        let Some(ticket) = ticket else {
            return handler.refuse(CloseCode::NotAuthenticated, "no ticket was shown");
        };
        match key.open(ticket, now()) {
            Ok(ticket) => {
                let mut rules = RelayRules::new("");
                ticket.apply(&mut rules.guard);
                if let Some(tools) = tools {
                    rules.guard.tools = tools.rule();
                }
                handler.connect_with(&ticket.subject, rules)
            }
            Err(error) => handler.refuse(CloseCode::NotAuthenticated, &error.to_string()),
        }
    }
}

async fn relay(State(server): State<Server>, Query(shown): Query<Shown>, request: Request) -> Response {
    socket::open(request, || (server.admit(shown.ticket.as_deref()), Arc::clone(&server.0)))
}

/// 200 while this process lets people in: a load balancer sends nobody to one that goes down.
async fn health(State(server): State<Server>) -> (StatusCode, Json<Value>) {
    let handler = &server.0.handler;
    let (status, word) = if handler.is_closed() {
        (StatusCode::SERVICE_UNAVAILABLE, "going down")
    } else {
        (StatusCode::OK, "ok")
    };
    (status, Json(json!({ "status": word, "running": handler.running() })))
}

#[expect(clippy::disallowed_methods, reason = "tickets end by the calendar, which a program may read")]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
