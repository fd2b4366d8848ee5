//! Tickets, by which one process lets in whom another has signed in.

use napi::bindgen_prelude::Either;
use napi_derive::napi;
use nova_sonic_core::{
    relay::ticket::{Ticket, TicketError, TicketKey},
    secret::SecretText,
    time::Timestamp,
};

use crate::fault::NativeFault;

/// Who may talk until when, and what is decided about it.
#[napi(object)]
pub struct NativeTicket {
    pub subject: String,
    /// ms since 1970.
    pub expires: f64,
    pub system_prompt: Option<String>,
    pub voice: Option<String>,
}

/// The ticket as text, of letters that a URL takes as they are.
#[napi]
pub fn sign_ticket(key: String, ticket: NativeTicket) -> Either<String, NativeFault> {
    let NativeTicket { subject, expires, system_prompt, voice } = ticket;
    let mut ticket = Ticket::new(subject, moment(expires));
    ticket.system_prompt = system_prompt;
    ticket.voice_id = voice;
    match TicketKey::new(&SecretText::new(key)).and_then(|key| key.sign(&ticket)) {
        Ok(text) => Either::A(text),
        Err(error) => Either::B(error.into()),
    }
}

/// Reads a ticket that was signed with this key and is still good at the moment `now`, ms since 1970.
#[napi]
pub fn open_ticket(key: String, text: String, now: f64) -> Either<NativeTicket, NativeFault> {
    match TicketKey::new(&SecretText::new(key)).and_then(|key| key.open(&text, moment(now))) {
        Ok(Ticket { subject, expires, system_prompt, voice_id, .. }) => {
            Either::A(NativeTicket { subject, expires: millis(expires), system_prompt, voice: voice_id })
        }
        Err(error) => Either::B(error.into()),
    }
}

impl From<TicketError> for NativeFault {
    fn from(error: TicketError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a Date has whole milliseconds within 2^53; NaN becomes 1970"
)]
const fn moment(millis: f64) -> Timestamp {
    Timestamp::from_unix_millis(millis as i64)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of the years that a Date has fit into 53 bits")]
const fn millis(moment: Timestamp) -> f64 {
    moment.unix_millis() as f64
}
