// Tickets: how a page that this server has signed in is let in by a relay that runs elsewhere.

import { outcome } from '../errors.js';
import { openTicket, signTicket } from '../native.js';

/** Who may talk until when, and what is decided about it. */
export interface RelayTicket {
  /** Your own name of the signed-in user; limits are counted by it. */
  readonly subject: string;
  /** When it is no longer taken; the conversation that it has opened goes on. */
  readonly expires: Date;
  /** The system prompt, whatever the page sends. */
  readonly systemPrompt?: string;
  /** The voice, whatever the page asks for. */
  readonly voice?: string;
}

/** What a ticket lives for unless told otherwise, s: a URL ends up in logs. */
const SECONDS = 60;

/**
 * Signs a ticket that a page shows to a relay, as in `wss://relay.example.com/relay?ticket=…`. Who holds it can read what is in
 * it, and cannot change it. `key`: 32 bytes or more, drawn at random, which the relay knows, too.
 */
export function signRelayTicket(
  key: string,
  ticket: Omit<RelayTicket, 'expires'> & { readonly seconds?: number },
): string {
  const { subject, seconds = SECONDS, systemPrompt, voice } = ticket;
  const expires = Date.now() + 1000 * seconds;
  const decided = { ...(systemPrompt !== undefined && { systemPrompt }), ...(voice !== undefined && { voice }) };
  return outcome(signTicket(key, { subject, expires, ...decided }));
}

/** Reads a ticket that was signed with this key and is still good; throws a `NovaSonicError` for any other. */
export function openRelayTicket(key: string, text: string): RelayTicket {
  const ticket = outcome(openTicket(key, text, Date.now()));
  return { ...ticket, expires: new Date(ticket.expires) };
}
