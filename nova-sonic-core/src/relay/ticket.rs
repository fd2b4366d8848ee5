//! Tickets: how a page that one process has signed in is let in by another.
//!
//! The application's own server (Django, Node, …) stays in charge of who may talk. It hands its page a ticket that is
//! signed with a key that the relay knows, too, and the page shows it when it opens the socket, as in
//! `wss://relay.example.com/relay?ticket=…`. A ticket lives for a minute or so: a URL ends up in logs. It is signed, not
//! encrypted: who holds it can read the prompt in it, and cannot change it.
//!
//! ```
//! use nova_sonic_core::{relay::ticket::{Ticket, TicketKey}, secret::SecretText, time::Timestamp};
//!
//! let key = || TicketKey::new(&SecretText::new("drawn at random, 32 bytes or more".to_owned()));
//! let now = Timestamp::from_unix_millis(1_795_352_568_030);
//! let mut ticket = Ticket::new("ada", now.after(std::time::Duration::from_mins(1)));
//! ticket.system_prompt = Some("You tell stories.".to_owned());
//! let text = key()?.sign(&ticket)?;
//!
//! assert_eq!(key()?.open(&text, now)?, ticket);
//! assert!(key()?.open(&text, now.after(std::time::Duration::from_secs(61))).is_err());
//! # Ok::<(), nova_sonic_core::relay::ticket::TicketError>(())
//! ```

use std::{fmt, time::Duration};

use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use super::{GuardRules, PromptRule, VoiceRule};
use crate::{
    error::ErrorCode,
    json::{self, Fields, Object, Value},
    secret::{SecretText, Withheld},
    time::Timestamp,
};

/// Longest ticket, bytes: what servers and proxies take as a URL.
pub const TICKET_LIMIT: usize = 7_000;
/// Shortest key, bytes.
const KEY_BYTES: usize = 32;
/// What else could be signed with the same key is no ticket.
const DOMAIN: &[u8] = b"nova-sonic.relay.v1 ticket\n";
/// How far in the future a ticket may end: one that lives for days is a mistake of its issuer.
const LIFE_LIMIT: Duration = Duration::from_hours(1);

/// Who may talk until when, and what is decided about it. Prints neither who nor what.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ticket {
    /// Whom the application has signed in: limits are counted by this.
    pub subject: String,
    /// When it is no longer taken; the conversation that it has opened goes on.
    pub expires: Timestamp,
    /// The system prompt, whatever the page sends; `None` leaves it to the relay's rules.
    pub system_prompt: Option<String>,
    /// The voice, whatever the page asks for; `None` leaves it to the relay's rules.
    pub voice_id: Option<String>,
}

/// The key that signs tickets and opens them. Unprintable.
pub struct TicketKey(Hmac<Sha256>);

/// Why there is no ticket. Nothing of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TicketError {
    /// The key can be guessed.
    #[error("ticket key of {length} bytes is under the least of {least}")]
    KeyTooShort {
        /// Its length, bytes.
        length: usize,
        /// Shortest that is taken, bytes.
        least: usize,
    },
    /// The ticket does not fit into a URL.
    #[error("ticket of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// Its length, bytes.
        length: usize,
        /// Longest that is taken, bytes.
        limit: usize,
    },
    /// The subject has no name.
    #[error("ticket names no subject")]
    NoSubject,
    /// It is not a ticket, or was signed with another key.
    #[error("ticket was not signed with this key")]
    Forged,
    /// It is no longer taken.
    #[error("ticket has expired {ago_ms} ms ago")]
    Expired {
        /// Since when, ms.
        ago_ms: u64,
    },
    /// It would be taken for longer than any ticket may.
    #[error("ticket ends in {left_ms} ms, over the limit of {limit_ms}")]
    TooLongLived {
        /// Time left, ms.
        left_ms: u64,
        /// Most that may be left, ms.
        limit_ms: u64,
    },
}

impl TicketError {
    /// The stable code.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::KeyTooShort { .. } | Self::TooLong { .. } | Self::NoSubject => {
                ErrorCode::ConfigurationInvalid
            }
            Self::Forged | Self::Expired { .. } | Self::TooLongLived { .. } => ErrorCode::SignInRequired,
        }
    }
}

impl Ticket {
    /// A ticket that decides nothing but who may talk.
    pub fn new(subject: impl Into<String>, expires: Timestamp) -> Self {
        Self { subject: subject.into(), expires, system_prompt: None, voice_id: None }
    }

    /// Puts what the ticket decides into the rules of its conversation.
    pub fn apply(&self, rules: &mut GuardRules) {
        if let Some(prompt) = &self.system_prompt {
            rules.system_prompt = PromptRule::Locked(prompt.clone());
        }
        if let Some(voice) = &self.voice_id {
            rules.voice = VoiceRule::Locked(voice.clone());
        }
    }
}

impl TicketKey {
    /// A key of at least 32 bytes, drawn at random.
    ///
    /// # Errors
    ///
    /// [`TicketError::KeyTooShort`].
    pub fn new(key: &SecretText) -> Result<Self, TicketError> {
        let key = key.expose().as_bytes();
        if key.len() < KEY_BYTES {
            return Err(TicketError::KeyTooShort { length: key.len(), least: KEY_BYTES });
        }
        let Ok(mac) = Hmac::new_from_slice(key) else { unreachable!("HMAC takes a key of any length") };
        Ok(Self(mac))
    }

    /// The ticket as text, of letters that a URL takes as they are.
    ///
    /// # Errors
    ///
    /// [`TicketError::NoSubject`], and [`TicketError::TooLong`] for a prompt that does not fit into a URL.
    pub fn sign(&self, ticket: &Ticket) -> Result<String, TicketError> {
        if ticket.subject.is_empty() {
            return Err(TicketError::NoSubject);
        }
        let mut fields = Object::new();
        fields.insert("subject".to_owned(), ticket.subject.as_str().into());
        fields.insert("expires".to_owned(), ticket.expires.unix_millis().into());
        for (name, text) in [("systemPrompt", &ticket.system_prompt), ("voiceId", &ticket.voice_id)] {
            if let Some(text) = text {
                fields.insert(name.to_owned(), text.as_str().into());
            }
        }
        let body = URL_SAFE_NO_PAD.encode_to_string(json::text(&Value::Object(fields)));
        let signature = self.mac(&body).finalize().into_bytes();
        let text = format!("{body}.{}", URL_SAFE_NO_PAD.encode_to_string(signature));
        if text.len() > TICKET_LIMIT {
            return Err(TicketError::TooLong { length: text.len(), limit: TICKET_LIMIT });
        }
        Ok(text)
    }

    /// Reads a ticket that was signed with this key and is still good.
    ///
    /// # Errors
    ///
    /// [`TicketError::Forged`], [`TicketError::Expired`], [`TicketError::TooLongLived`] for one that lives for more than
    /// an hour, [`TicketError::TooLong`].
    pub fn open(&self, text: &str, now: Timestamp) -> Result<Ticket, TicketError> {
        if text.len() > TICKET_LIMIT {
            return Err(TicketError::TooLong { length: text.len(), limit: TICKET_LIMIT });
        }
        let (body, signature) = text.split_once('.').ok_or(TicketError::Forged)?;
        let signature = URL_SAFE_NO_PAD.decode_to_vec(signature).map_err(|_| TicketError::Forged)?;
        self.mac(body).verify_slice(&signature).map_err(|_| TicketError::Forged)?;
        let ticket = read(body).ok_or(TicketError::Forged)?;
        if ticket.expires <= now {
            return Err(TicketError::Expired { ago_ms: millis(now.since(ticket.expires)) });
        }
        let left = ticket.expires.since(now);
        if left > LIFE_LIMIT {
            return Err(TicketError::TooLongLived { left_ms: millis(left), limit_ms: millis(LIFE_LIMIT) });
        }
        Ok(ticket)
    }

    fn mac(&self, body: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update(DOMAIN).chain_update(body)
    }
}

/// What a body says whose signature is good; `None` for one that some other version may have written.
fn read(body: &str) -> Option<Ticket> {
    let json = URL_SAFE_NO_PAD.decode_to_vec(body).ok()?;
    let fields = Fields::read(&json).ok()?;
    let expires = fields.single("expires").ok()??.as_i64()?;
    let mut ticket = Ticket::new(fields.text("subject")?, Timestamp::from_unix_millis(expires));
    for (name, place) in [("systemPrompt", &mut ticket.system_prompt), ("voiceId", &mut ticket.voice_id)] {
        // a lock that cannot be read must not be passed over
        *place = match fields.single(name).ok()? {
            Some(value) => Some(value.as_str()?.to_owned()),
            None => None,
        };
    }
    Some(ticket)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("expires", &self.expires)
            .field("system_prompt", &self.system_prompt.as_deref().map(Withheld::text))
            .field("voice_id", &self.voice_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_795_352_568_030);

    fn key(text: &str) -> TicketKey {
        TicketKey::new(&SecretText::new(text.to_owned())).unwrap()
    }

    fn ticket() -> Ticket {
        let mut ticket = Ticket::new("ada@example.com", NOW.after(Duration::from_mins(1)));
        ticket.system_prompt = Some("You tell stories — “softly”.".to_owned());
        ticket
    }

    #[test]
    fn only_the_key_that_signed_a_ticket_opens_it_and_only_unchanged() {
        let text = key(&"k".repeat(32)).sign(&ticket()).unwrap();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{text}");
        assert_eq!(key(&"k".repeat(32)).open(&text, NOW), Ok(ticket()));
        assert_eq!(key(&"l".repeat(32)).open(&text, NOW), Err(TicketError::Forged));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let opened = key(&"k".repeat(32)).open(&changed, NOW);
            assert_eq!(opened, Err(TicketError::Forged), "{at}");
        }
        for garbage in ["", ".", "a.b", "…", &text[..40], &format!("{text}.")] {
            assert_eq!(key(&"k".repeat(32)).open(garbage, NOW), Err(TicketError::Forged), "{garbage}");
        }
    }

    #[test]
    fn a_ticket_is_good_for_its_minute() {
        let key = key(&"k".repeat(32));
        let text = key.sign(&ticket()).unwrap();
        assert!(key.open(&text, NOW.after(Duration::from_millis(59_999))).is_ok());
        assert_eq!(
            key.open(&text, NOW.after(Duration::from_secs(61))),
            Err(TicketError::Expired { ago_ms: 1_000 })
        );
        let eternal = key.sign(&Ticket::new("ada", NOW.after(Duration::from_hours(2)))).unwrap();
        assert!(matches!(key.open(&eternal, NOW), Err(TicketError::TooLongLived { .. })));
    }

    #[test]
    fn what_cannot_be_a_ticket_is_not_signed() {
        let key = key(&"k".repeat(32));
        assert_eq!(key.sign(&Ticket::new("", NOW)), Err(TicketError::NoSubject));
        let mut endless = ticket();
        endless.system_prompt = Some("word ".repeat(2_000));
        assert!(matches!(key.sign(&endless), Err(TicketError::TooLong { .. })));
        let short = TicketKey::new(&SecretText::new("secret".to_owned()));
        assert!(matches!(short, Err(TicketError::KeyTooShort { length: 6, .. })));
    }

    #[test]
    fn nothing_of_a_ticket_is_printed() {
        let shown = format!("{:?} {:?}", ticket(), key(&"k".repeat(32)));
        assert!(!shown.contains("ada") && !shown.contains("stories") && !shown.contains("kkk"), "{shown}");
    }
}
