// Every way in which no credentials are issued: its status, its code, and the one sentence that a browser may read.
// What AWS wrote never gets there: an error of the broker is told by a sentence of this file.

import { NovaSonicError } from '../errors.js';

/** What is answered instead of credentials. */
export interface Refusal {
  readonly status: number;
  /** Code of the project's error catalogue. */
  readonly code: string;
  /** One sentence for people, in which nothing of the request and nothing of AWS is repeated. */
  readonly message: string;
  /** Time after which it makes sense to ask again, ms. */
  readonly retryAfterMs?: number;
  /** More, for the operator's log alone. */
  readonly detail?: string;
}

/** Ends a request with a refusal. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(status: number, code: string, message: string, more: { retryAfterMs?: number; detail?: string } = {}) {
    super(code);
    this.refusal = { status, code, message, ...more };
  }
}

const REFUSED = 'AWS does not issue credentials to this server.';
const LATER = 'Credentials cannot be issued at the moment.';
const BROKEN = 'Credentials cannot be issued: the server needs attention.';

/** What STS could not read is our own doing, or the options'. */
const UNREADABLE = new Set([
  'configuration_invalid',
  'policy_rejected',
  'policy_too_large',
  'sts_request_rejected',
  'subject_invalid',
]);
/** What AWS refuses to this server it will refuse for the next user, too, until somebody mends keys, role or region. */
const REFUSED_BY_AWS = new Set([
  'access_denied',
  'clock_skewed',
  'credentials_expired',
  'credentials_invalid',
  'region_disabled',
  'role_not_assumable',
]);

/** The refusal that something thrown amounts to. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refused) return thrown.refusal;
  if (!(thrown instanceof NovaSonicError)) {
    const detail = thrown instanceof Error ? thrown.name : typeof thrown;
    return { status: 500, code: 'internal', message: BROKEN, detail };
  }
  const { code, message: detail, retryAfterMs } = thrown;
  if (code === 'limit_exceeded') {
    return { status: 429, code, message: 'Too many requests.', retryAfterMs: retryAfterMs ?? 1000, detail };
  }
  if (UNREADABLE.has(code)) return { status: 500, code, message: BROKEN, detail };
  if (REFUSED_BY_AWS.has(code)) return { status: 502, code, message: REFUSED, detail };
  if (thrown.retryable) return { status: 503, code, message: LATER, retryAfterMs: retryAfterMs ?? 2000, detail };
  if (thrown.blame === 'service') return { status: 502, code, message: REFUSED, detail };
  return { status: 500, code, message: BROKEN, detail };
}
