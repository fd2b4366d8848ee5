// Which connections are tried after one has failed.

import type { Fault, Setup } from '../channel.js';
import type { ConnectionKind } from '../options.js';

/** What has nothing to do with the path: the same one is tried first. */
const OF_NO_PATH = new Set(['model_timeout', 'backend_transient', 'input_idle', 'credentials_expired']);

/** The kinds of connection to try, in order. From the third on, with a pause before each that doubles. */
export function retryPlan(failed: ConnectionKind, fault: Fault, setup: Setup): ConnectionKind[] {
  const other: ConnectionKind = failed === 'direct' ? 'relay' : 'direct';
  const has = other === 'relay' ? setup.relay : setup.grant !== undefined;
  if (setup.transport !== 'auto' || !has) return [failed, failed, failed, failed, failed];
  const [first, second] = OF_NO_PATH.has(fault.code) ? [failed, other] : [other, failed];
  return [first, second, first, second, first];
}
