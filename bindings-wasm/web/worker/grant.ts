// Asks the application's server for credentials, from inside the worker: what it answers never touches the page.

import type { Fault, GrantSource } from '../channel.js';
import { policyBlocked } from './policy.js';
import { scope } from './scope.js';

/** How long the application's server may take, ms. */
const TIMEOUT_MS = 10_000;

/** What the server answered, and what its clock said. */
export interface FetchedGrant {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How far this machine's clock is behind the server's, ms; `undefined` where the answer does not tell. */
  readonly skewMs: number | undefined;
  /** When the answer came, ms since the epoch. */
  readonly received: number;
}

/** Fetches a grant; rejects with a {@link Fault}. */
export async function fetchGrant(
  source: Extract<GrantSource, { kind: 'request' }>,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<FetchedGrant> {
  const asked = Date.now();
  // not AbortSignal.any: Safari has it since 17.4 only
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  const timer = setTimeout(stop, TIMEOUT_MS);
  signal.addEventListener('abort', stop);
  let response: Response;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    response = await fetch(source.url, {
      ...body(source.method),
      headers: { Accept: 'application/json', ...body(source.method).headers, ...headers },
      credentials: source.credentials,
      cache: 'no-store',
      signal: limit.signal,
    });
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw unreachable(source.url);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
  if (!response.ok) throw refusal(response, bytes);
  // a framework that redirects to its sign-in page answers 200 with a page
  if (response.headers.get('content-type')?.includes('text/html') === true) {
    const code = response.redirected ? 'sign_in_required' : 'credentials_refused';
    throw { code, message: 'the credentials endpoint answered with a page instead of JSON' } satisfies Fault;
  }
  return { bytes, skewMs: skew(response, bytes, asked), received: Date.now() };
}

function body(method: 'GET' | 'POST'): { method: string; body?: string; headers: Record<string, string> } {
  if (method === 'GET') return { method, headers: {} };
  return { method, body: '{}', headers: { 'Content-Type': 'application/json' } };
}

function unreachable(url: string): Fault {
  const blocked = policyBlocked(url);
  if (blocked !== undefined) return blocked;
  if (!scope.navigator.onLine) return { code: 'offline' };
  return { code: 'credentials_unreachable' };
}

/**
 * The date of an answer has whole seconds, and it was written somewhere between asking and now. A grant that says what
 * time it was for its issuer corrects the signatures by itself, whatever this machine's clock says.
 */
function skew(response: Response, bytes: Uint8Array, asked: number): number | undefined {
  if (contains(bytes, '"serverTime"')) return undefined;
  const date = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date + 500 - (asked + Date.now()) / 2;
}

/** Looks without making a text of what holds secrets. */
function contains(bytes: Uint8Array, word: string): boolean {
  const codes = Array.from(word, (letter) => letter.charCodeAt(0));
  const [first = 0] = codes;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (codes.every((code, index) => bytes[at + index] === code)) return true;
  }
  return false;
}

/** The endpoint's own words where it is one of ours: `{"error": {"code", "message"}}`. */
function refusal(response: Response, bytes: Uint8Array): Fault {
  const told = ownWords(bytes);
  const wait = response.headers.get('retry-after');
  const after = wait === null ? '' : `; ask again in ${wait} s`;
  if (told !== undefined) return { ...told, message: `${told.message ?? told.code}${after}` };
  const { status } = response;
  const message = `the credentials endpoint answered ${status}${after}`;
  if (status === 401) return { code: 'sign_in_required', message };
  if (status === 429) return { code: 'limit_exceeded', message };
  if (status >= 500) return { code: 'credentials_refused', message, retryable: true };
  return { code: 'credentials_refused', message };
}

function ownWords(bytes: Uint8Array): Fault | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const error = (parsed as { error?: { code?: unknown; message?: unknown } } | null)?.error;
    if (typeof error?.code !== 'string') return undefined;
    return { code: error.code, ...(typeof error.message === 'string' && { message: error.message }) };
  } catch {
    return undefined;
  }
}
