// The page's half of fetching credentials and of finding the relay: headers, the forgery token, and the application's own
// functions. The request itself is made in the worker.

import type { Answer, GrantSource, Question } from '../channel.js';
import { VoiceError, voiceError } from '../errors.js';
import type { Credentials, CredentialsRequest, CredentialsSource, RelaySource } from '../options.js';

/** What is assumed of credentials that do not say when they end, ms. */
const ASSUMED_LIFE_MS = 900_000;

/** How the worker gets credentials. */
export function grantSource(source: CredentialsSource | undefined): GrantSource | undefined {
  if (source === undefined) return undefined;
  if (typeof source === 'function') return { kind: 'page' };
  const request = asRequest(source);
  return {
    kind: 'request',
    url: address(request.url, 'credentials').href,
    method: request.method ?? (request.csrf === undefined ? 'GET' : 'POST'),
    credentials: request.credentials ?? 'same-origin',
    headers: typeof request.headers === 'function' ? undefined : allHeaders(request, request.headers),
  };
}

/** Answers the worker's questions. */
export async function answerTo(
  question: Question,
  credentials: CredentialsSource | undefined,
  relay: RelaySource | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    if (question === 'relay') return { kind: 'relay', url: await relayAddress(relay, signal) };
    if (question === 'grant') return { kind: 'grant', bytes: await grantBytes(credentials, signal) };
    return { kind: 'headers', headers: await headersFor(credentials) };
  } catch (thrown) {
    const { code, message, retryable, blame } = asSourceError(thrown, question);
    return { kind: 'error', error: { code, message, retryable, blame } };
  }
}

function asSourceError(thrown: unknown, question: Question): VoiceError {
  if (thrown instanceof VoiceError) return thrown;
  const words = thrown instanceof Error && thrown.message !== '' ? `: ${thrown.message}` : '';
  if (question === 'relay') return voiceError('relay_unreachable', `the function for the relay failed${words}`);
  return voiceError('credentials_unreachable', `the function for the credentials failed${words}`);
}

function asRequest(source: Exclude<CredentialsSource, (...parameters: never) => unknown>): CredentialsRequest {
  return typeof source === 'string' || source instanceof URL ? { url: source } : source;
}

/** An address of the page, whatever it was given as. */
function address(given: string | URL, option: string): URL {
  try {
    return new URL(given, document.baseURI);
  } catch (thrown) {
    throw voiceError('configuration_invalid', `option ${option} is no address`, thrown);
  }
}

async function headersFor(source: CredentialsSource | undefined): Promise<Record<string, string>> {
  if (source === undefined || typeof source === 'function') return {};
  const request = asRequest(source);
  const { headers } = request;
  return allHeaders(request, typeof headers === 'function' ? await headers() : headers);
}

function allHeaders({ csrf }: CredentialsRequest, given: Record<string, string> | undefined): Record<string, string> {
  return { ...given, ...(csrf !== undefined && forgeryToken(csrf)) };
}

/** Django's names unless told otherwise. A worker cannot read cookies, so the page does. */
function forgeryToken(csrf: NonNullable<CredentialsRequest['csrf']>): Record<string, string> {
  const { cookie = 'csrftoken', header = 'X-CSRFToken', token } = csrf === true ? {} : csrf;
  const found = token ?? cookieNamed(cookie);
  return found === undefined ? {} : { [header]: found };
}

function cookieNamed(name: string): string | undefined {
  const start = `${name}=`;
  const found = document.cookie.split('; ').find((cookie) => cookie.startsWith(start));
  return found === undefined ? undefined : decodeURIComponent(found.slice(start.length));
}

async function grantBytes(
  source: CredentialsSource | undefined,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof source !== 'function') throw voiceError('credentials_missing');
  return new TextEncoder().encode(JSON.stringify(completed(await source({ signal }))));
}

/** Credentials of an SDK may not say when they end. */
function completed(credentials: Credentials): Credentials {
  if (typeof credentials !== 'object' || credentials === null) {
    throw voiceError('configuration_invalid', 'the function for the credentials returned none');
  }
  if ('mode' in credentials || credentials.expiration !== undefined) return credentials;
  return { ...credentials, expiration: seconds(new Date(Date.now() + ASSUMED_LIFE_MS)) };
}

function seconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

async function relayAddress(source: RelaySource | undefined, signal: AbortSignal): Promise<string> {
  if (source === undefined) throw voiceError('relay_unreachable', 'no relay was named');
  return socketAddress(typeof source === 'function' ? await source({ signal }) : source);
}

/** Where a WebSocket is opened, whatever it was given as. */
export function socketAddress(given: string | URL): string {
  const url = address(given, 'relay');
  url.protocol = url.protocol.replace(/^http/, 'ws');
  return url.href;
}

/** Errors in options that can be seen before anything is asked. */
export function checkSources(credentials: CredentialsSource | undefined, relay: RelaySource | undefined): void {
  if (credentials === undefined && relay === undefined) throw voiceError('credentials_missing');
  grantSource(credentials);
  if (relay !== undefined && typeof relay !== 'function') address(relay, 'relay');
}
