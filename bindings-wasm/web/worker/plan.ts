// Which connections are tried, in which order, and for how long.

import type { Fault, Setup } from '../channel.js';
import type { ConnectionKind } from '../options.js';

/** One connection to try, after a pause. */
export interface Attempt {
  readonly kind: ConnectionKind;
  readonly pauseMs: number;
}

/** What has nothing to do with the path: the same one is tried first. */
const OF_NO_PATH = new Set(['model_timeout', 'backend_transient', 'input_idle', 'credentials_expired']);

/** What is the same a minute later, where a fault does not say so itself. */
const LASTING = new Set([
  'access_denied',
  'clock_skewed',
  'credentials_invalid',
  'csp_blocked',
  'model_not_found',
  'not_authorized',
  'region_unknown',
  'sign_in_required',
]);

/** Attempts that are made at once. */
const AT_ONCE = 2;
const FIRST_PAUSE_MS = 1_000;
/** A server that is there again is found that soon, ms. */
const LONGEST_PAUSE_MS = 5_000;

/** The first connection: what there is, once each. */
export function firstPlan({ transport, grant, relay }: Setup): () => Attempt | undefined {
  const kinds: ConnectionKind[] = [];
  if (transport !== 'relay' && grant !== undefined) kinds.push('direct');
  if (transport !== 'direct' && relay) kinds.push('relay');
  return () => {
    const kind = kinds.shift();
    return kind && { kind, pauseMs: 0 };
  };
}

/**
 * Another connection after one of this kind has failed: both kinds in turn, with pauses that grow, for as long as there
 * is patience. `fault` is given the last one's; a kind whose fault lasts is not tried again.
 */
export function retryPlan(
  failed: ConnectionKind,
  fault: Fault,
  setup: Setup,
): (before: Fault | undefined) => Attempt | undefined {
  const other: ConnectionKind = failed === 'direct' ? 'relay' : 'direct';
  const has = setup.transport === 'auto' && (other === 'relay' ? setup.relay : setup.grant !== undefined);
  let kinds = has ? [other, failed] : [failed];
  if (OF_NO_PATH.has(fault.code)) kinds.reverse();
  const until = performance.now() + setup.reconnectMs;
  let count = 0;
  let last: ConnectionKind | undefined;
  return (before) => {
    if (last !== undefined && before !== undefined && lasts(before)) kinds = kinds.filter((kind) => kind !== last);
    last = kinds.find((kind) => kind !== last) ?? kinds[0];
    const pauseMs = count < AT_ONCE ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - AT_ONCE));
    count += 1;
    if (last === undefined || (pauseMs > 0 && performance.now() + pauseMs > until)) return undefined;
    return { kind: last, pauseMs };
  };
}

function lasts({ code, retryable }: Fault): boolean {
  return retryable === false || (retryable === undefined && LASTING.has(code));
}
