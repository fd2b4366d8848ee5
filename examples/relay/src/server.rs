//! Who is let in, and whether this process is well.

use std::{net::TcpListener, sync::Arc};

use axum::{
    Json, Router,
    extract::{Query, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use nova_sonic_core::{
    relay::{CloseCode, RelayRules, ticket::TicketKey},
    relay_handler::{RelayConnection, RelayHandler, RelayLedger},
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::socket;

/// What one thread serves with.
#[derive(Clone)]
pub(crate) struct Server(Arc<Parts>);

struct Parts {
    handler: RelayHandler,
    key: TicketKey,
    ledger: Option<RelayLedger>,
}

#[derive(Debug, Deserialize)]
struct Shown {
    ticket: Option<String>,
}

impl Server {
    pub(crate) fn new(handler: RelayHandler, key: TicketKey, ledger: Option<RelayLedger>) -> Self {
        Self(Arc::new(Parts { handler, key, ledger }))
    }

    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        mut stopping: watch::Receiver<bool>,
    ) -> std::io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let routes = Router::new().route("/relay", get(relay)).route("/health", get(health)).with_state(self);
        let stopped = async move {
            // who would say so is gone, too
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        axum::serve(listener, routes).with_graceful_shutdown(stopped).await
    }

    /// The connection of whoever shows this ticket. One that is refused is told so over the socket: a page sees nothing
    /// of a handshake that was.
    fn admit(&self, ticket: Option<&str>) -> RelayConnection {
        let Parts { handler, key, .. } = &*self.0;
        let Some(ticket) = ticket else {
            return handler.refuse(CloseCode::NotAuthenticated, "no ticket was shown");
        };
        match key.open(ticket, now()) {
            Ok(ticket) => {
                let mut rules = RelayRules::new("");
                ticket.apply(&mut rules.guard);
                handler.connect_with(&ticket.subject, rules)
            }
            Err(error) => handler.refuse(CloseCode::NotAuthenticated, &error.to_string()),
        }
    }
}

async fn relay(State(server): State<Server>, Query(shown): Query<Shown>, request: Request) -> Response {
    socket::open(request, || (server.admit(shown.ticket.as_deref()), server.0.ledger.clone()))
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
