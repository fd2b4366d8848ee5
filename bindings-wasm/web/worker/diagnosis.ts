// Why a connection did not open. A browser says only that it did not, so this asks around: the page's policy, the clock,
// and the same host by other means.

import type { Fault } from '../channel.js';
import type { Unopened } from './line.js';
import { policyBlocked } from './policy.js';
import { scope } from './scope.js';

/** What is known of the attempt. */
export interface Attempt {
  readonly url: string;
  /** How far this machine's clock is behind the server's, ms. */
  readonly skewMs: number | undefined;
  /** Whether the host was named by the application, and not made from the grant's region. */
  readonly ownHost: boolean;
}

/** The first of the probes has that long, and they run one after the other, ms. */
const PROBE_MS = 700;
/** Refusals look the same from minute five on; one minute of room for slow answers. */
const SKEW_LIMIT_MS = 240_000;
/** A violation of the policy is reported beside the failure, not before it, ms. */
const POLICY_MS = 30;
/** A host of AWS that is there wherever AWS can be reached. */
const ELSEWHERE = 'https://bedrock-runtime.us-east-1.amazonaws.com/ping';

/** Why the direct path did not open. */
export async function diagnoseDirect(unopened: Unopened, attempt: Attempt): Promise<Fault> {
  const { host } = new URL(attempt.url);
  const early = await ownFaults(unopened, attempt.url);
  if (early !== undefined) return early;
  const secure = attempt.url.replace(/^ws/, 'http');
  const answer = await readable(secure);
  if (answer !== undefined) return classified(answer, attempt);
  if (skewed(attempt)) return clock(attempt);
  if (await reaches(new URL('/ping', secure).href)) return { code: 'refused' };
  if (!attempt.ownHost && (await reaches(ELSEWHERE))) {
    return { code: 'region_unknown', message: `${host} is not there, and AWS is` };
  }
  return { code: 'network_blocked', message: `${host} cannot be reached` };
}

/** Why the relay did not open. */
export async function diagnoseRelay(unopened: Unopened, url: string): Promise<Fault> {
  const { host } = new URL(url);
  const early = await ownFaults(unopened, url);
  if (early !== undefined) return early;
  const answer = await readable(url.replace(/^ws/, 'http'), 'same-origin');
  const status = answer?.status;
  if (status === 401) return { code: 'sign_in_required', message: 'the relay answered 401' };
  if (status === 403) return { code: 'not_authorized', message: 'the relay answered 403' };
  if (status === 429) return { code: 'limit_exceeded', message: 'the relay answered 429' };
  // WebKit has no exception for this machine's own addresses, and tells nothing
  const mixed = url.startsWith('ws:') && scope.origin.startsWith('https:');
  const silent = mixed ? 'does not answer; from a page of https, browsers open wss: and not ws:' : 'does not answer';
  const detail = status === undefined ? silent : `answered ${status}`;
  return { code: 'relay_unreachable', message: `the relay at ${host} ${detail}` };
}

/** What this machine knows by itself. */
async function ownFaults(unopened: Unopened, url: string): Promise<Fault | undefined> {
  const { host } = new URL(url);
  if (unopened.why === 'blocked' && unopened.message === 'aborted') return { code: 'aborted' };
  await new Promise((resolve) => setTimeout(resolve, POLICY_MS));
  const policy = policyBlocked(url);
  if (policy !== undefined) return policy;
  if (!scope.navigator.onLine) return { code: 'offline' };
  if (unopened.why === 'timeout') return { code: 'open_timeout', message: `${host} did not answer in time` };
  if (unopened.why === 'blocked') {
    return { code: 'network_blocked', message: `the browser does not connect to ${host}: ${unopened.message}` };
  }
  return undefined;
}

interface Readable {
  readonly status: number;
  readonly text: string;
}

/** The same address by https, where its server lets the page read the answer. */
async function readable(url: string, credentials: RequestCredentials = 'omit'): Promise<Readable | undefined> {
  try {
    const response = await fetch(url, {
      credentials,
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_MS),
    });
    if (response.type === 'opaqueredirect') return undefined;
    const kind = response.headers.get('x-amzn-errortype') ?? '';
    return { status: response.status, text: `${kind} ${(await response.text()).slice(0, 2000)}` };
  } catch {
    return undefined;
  }
}

/** Whether anything answers there at all. */
async function reaches(url: string): Promise<boolean> {
  try {
    await fetch(url, {
      mode: 'no-cors',
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(PROBE_MS),
    });
    return true;
  } catch {
    return false;
  }
}

/** What AWS says to the same signature by https. Its text is read, and not repeated: it may name accounts. */
function classified({ status, text }: Readable, attempt: Attempt): Fault {
  if (status === 429 || /Throttl|ServiceQuota/.test(text)) return { code: 'throttled' };
  if (/Signature (expired|not yet current)|RequestExpired|InvalidSignatureException.*time/i.test(text)) {
    return clock(attempt);
  }
  if (/ExpiredToken|token .*expired/i.test(text)) return { code: 'credentials_expired' };
  if (skewed(attempt)) return clock(attempt);
  if (/UnrecognizedClient|InvalidClientToken|InvalidSignature|IncompleteSignature|SignatureDoesNotMatch/.test(text)) {
    return { code: 'credentials_invalid', message: 'AWS does not know the key or the signature' };
  }
  if (/AccessDenied/.test(text) || status === 403) return { code: 'access_denied' };
  if (/ResourceNotFound/.test(text) || status === 404) {
    return { code: 'model_not_found', message: 'the region does not offer this model' };
  }
  if (status >= 500) return { code: 'service_unavailable', message: `AWS answered ${status}` };
  const message = 'AWS takes these credentials by https, and the connection does not open: a proxy may stop WebSockets';
  return { code: 'refused', message, retryable: true };
}

function skewed({ skewMs }: Attempt): boolean {
  return skewMs !== undefined && Math.abs(skewMs) > SKEW_LIMIT_MS;
}

function clock({ skewMs }: Attempt): Fault {
  if (skewMs === undefined) return { code: 'clock_skewed' };
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const direction = skewMs > 0 ? 'behind' : 'ahead of';
  return { code: 'clock_skewed', message: `this machine's clock is ${minutes} minutes ${direction} the server's` };
}
