//! Who may talk, and how many at once.

use std::{fmt, sync::Arc};

use serde_json::{Map, Value};

use super::{
    RelayConnection,
    connection::Core,
    places::{NoPlace, Place, Places},
    state::{Admission, State},
};
use crate::{
    client::{Client, Clock, timestamp},
    error::ErrorCode,
    relay::{CloseCode, Exchange, Fault, RelayRules},
};

/// Conversations of one subject at once, unless told otherwise: two tabs, each while it changes its connection.
const PER_SUBJECT: u32 = 4;
/// Conversations at once, unless told otherwise.
const TOTAL: usize = 10_000;

/// Lets clients in, each with a [`RelayConnection`]. Clones share their places.
///
/// ```
/// # async fn handler() -> Result<(), nova_sonic_core::client::ClientError> {
/// # let keys = aws_credential_types::Credentials::new("AKID", "secret", None, None, "example");
/// use nova_sonic_core::{client::Client, relay::PromptRule, relay_handler::{RelayHandler, RelayMessage}};
///
/// let client = Client::builder().region("us-east-1").credentials_provider(keys).build().await?;
/// let mut handler = RelayHandler::new(client).per_subject(1);
/// handler.rules_mut().guard.system_prompt = PromptRule::Locked("You tell stories.".to_owned());
///
/// let first = handler.connect("ada");
/// assert!(matches!(first.next().await, Some(RelayMessage::Text(ready)) if ready.contains("systemPrompt")));
/// let second = handler.connect("ada");
/// assert!(matches!(second.next().await, Some(RelayMessage::Text(error)) if error.contains("relay_limit_exceeded")));
/// # Ok(())
/// # }
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(handler()).unwrap();
/// ```
#[derive(Clone)]
pub struct RelayHandler {
    client: Client,
    rules: RelayRules,
    per_subject: u32,
    total: usize,
    places: Arc<Places>,
    #[cfg(feature = "redis")]
    ledger: Option<super::RelayLedger>,
}

impl RelayHandler {
    /// A handler whose conversations are held by this client, with rules that leave everything but sizes, rates and
    /// idleness to the browser.
    pub fn new(client: Client) -> Self {
        let rules = RelayRules::new(client.model_id());
        Self {
            client,
            rules,
            per_subject: PER_SUBJECT,
            total: TOTAL,
            places: Arc::default(),
            #[cfg(feature = "redis")]
            ledger: None,
        }
    }

    /// The same places and rules with another client, such as that of a thread of
    /// [`Workers`](crate::client::Workers).
    #[must_use]
    pub fn with_client(&self, client: Client) -> Self {
        Self { client, ..self.clone() }
    }

    /// Sets how many conversations one subject may have at once. Default: 4, since a conversation that changes its
    /// connection has two for a moment.
    #[must_use]
    pub const fn per_subject(mut self, conversations: u32) -> Self {
        self.per_subject = conversations;
        self
    }

    /// Sets how many conversations there may be at once. Default: 10,000.
    #[must_use]
    pub const fn total(mut self, conversations: usize) -> Self {
        self.total = conversations;
        self
    }

    /// Counts the conversations of a subject in all processes that share this ledger. One that cannot be counted, because
    /// Redis does not answer, is refused.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn ledger(mut self, ledger: super::RelayLedger) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Sets the rules of conversations that bring none of their own.
    #[must_use]
    pub fn rules(mut self, rules: RelayRules) -> Self {
        self.rules = rules;
        self
    }

    /// The rules of conversations that bring none of their own.
    pub const fn rules_mut(&mut self) -> &mut RelayRules {
        &mut self.rules
    }

    /// Lets a client in whom the application has authenticated as `subject`. One that has to be refused gets a
    /// connection, too: it says why, and closes.
    pub fn connect(&self, subject: &str) -> RelayConnection {
        self.connect_with(subject, self.rules.clone())
    }

    /// The same with rules for this conversation alone, such as a prompt for what the page shows.
    pub fn connect_with(&self, subject: &str, mut rules: RelayRules) -> RelayConnection {
        // the client can only speak with its own
        self.client.model_id().clone_into(&mut rules.guard.model);
        let subject: Arc<str> = subject.into();
        let no_place = match self.places.take(&subject, self.per_subject, self.total) {
            Ok(place) => return self.connection(subject, Ok((rules, place))),
            Err(no_place) => no_place,
        };
        let (code, fault) = match no_place {
            NoPlace::Subject => (CloseCode::Limit, limited("too many conversations of this user at once")),
            NoPlace::Total => (CloseCode::Limit, limited("too many conversations at once")),
            NoPlace::Closed => (CloseCode::GoingAway, going_away()),
        };
        self.connection(subject, Err((code, fault)))
    }

    /// A connection that only says why it closes: for a client whom the application does not let in, since a browser
    /// sees nothing of a refused handshake.
    pub fn refuse(&self, code: CloseCode, message: &str) -> RelayConnection {
        let error = code.code().unwrap_or(ErrorCode::NotAuthorized);
        self.connection("".into(), Err((code, Fault::new(error, message))))
    }

    fn connection(
        &self,
        subject: Arc<str>,
        admitted: Result<(RelayRules, Place), (CloseCode, Fault)>,
    ) -> RelayConnection {
        let clock = Clock::start();
        let (exchange, place) = match admitted {
            Ok((rules, place)) => (Exchange::new(rules, clock.now()), Some(place)),
            Err((code, fault)) => (Exchange::refused(code, fault, clock.now()), None),
        };
        let admission = place.as_ref().and_then(|_| self.admission(&subject));
        let (id, started) = (new_id(), timestamp());
        let core = Arc::new_cyclic(|core| {
            if let Some(place) = &place {
                place.seat(core);
            }
            let state = State::new(exchange, self.client.clone(), clock, place, admission);
            Core::new(id, subject, started, state)
        });
        if self.is_closed() {
            // told after it had got its place, and before anybody could find it there
            core.end(CloseCode::GoingAway, Some(going_away()));
        }
        RelayConnection::new(core)
    }

    /// What has to be asked elsewhere before the client is let in.
    #[cfg(feature = "redis")]
    fn admission(&self, subject: &Arc<str>) -> Option<Admission> {
        let (ledger, subject, most) = (self.ledger.clone()?, Arc::clone(subject), self.per_subject);
        Some(Box::pin(async move {
            match ledger.take(subject, most).await {
                Ok(Some(place)) => Ok(Box::new(place) as Box<dyn Send>),
                Ok(None) => Err((CloseCode::Limit, limited("too many conversations of this user at once"))),
                Err(error) => Err((CloseCode::Limit, Fault::new(error.code(), error.to_string()))),
            }
        }))
    }

    /// Nothing has to be asked elsewhere.
    #[cfg(not(feature = "redis"))]
    #[expect(clippy::unused_self, reason = "with feature `redis` it asks")]
    const fn admission(&self, _subject: &Arc<str>) -> Option<Admission> {
        None
    }

    /// Conversations that go on.
    pub fn running(&self) -> usize {
        self.places.count()
    }

    /// Whether it lets nobody in any more.
    pub fn is_closed(&self) -> bool {
        self.places.is_closed()
    }

    /// Tells every page of one subject how things stand, in the application's own fields; returns how many there are.
    pub fn send_status(&self, subject: &str, fields: &Map<String, Value>) -> usize {
        let connections = self.places.of(subject);
        for core in &connections {
            core.send_status(fields.clone());
        }
        connections.len()
    }

    /// Ends every conversation of one subject, in order; returns how many there were.
    pub fn end(&self, subject: &str, code: CloseCode, fault: Option<&Fault>) -> usize {
        let connections = self.places.of(subject);
        for core in &connections {
            core.end(code, fault.cloned());
        }
        connections.len()
    }

    /// Lets nobody else in, and tells those who talk to go on elsewhere: a page opens its conversation anew, with what
    /// was said.
    pub fn shut_down(&self) {
        for core in self.places.close() {
            core.end(CloseCode::GoingAway, Some(going_away()));
        }
    }

    /// Waits until the last conversation is over.
    pub async fn emptied(&self) {
        self.places.emptied().await;
    }
}

impl fmt::Debug for RelayHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayHandler")
            .field("client", &self.client)
            .field("rules", &self.rules)
            .field("per_subject", &self.per_subject)
            .field("total", &self.total)
            .field("running", &self.running())
            .finish_non_exhaustive()
    }
}

fn limited(message: &str) -> Fault {
    Fault::new(ErrorCode::RelayLimitExceeded, message)
}

fn going_away() -> Fault {
    Fault::new(ErrorCode::ConnectionLost, "this server is going down")
}

/// 32 hexadecimal digits. Where the system has no random numbers they are all zero: a record then has no name of its
/// own, and nothing depends on it.
pub(super) fn new_id() -> String {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}
