// How the conversation travels, and why.

import type { ConnectionKind, TransportReason } from '@nova-sonic/web';

/** What carries the conversation, and the package's reason for it. */
export interface Carried {
  readonly by: ConnectionKind;
  readonly reason: TransportReason;
}

/** Why the relay is used, by the code of what kept the conversation from the direct path. */
const RELAYED: Readonly<Record<string, string>> = {
  first: 'as this site is set up',
  network_blocked: 'because this network blocks the direct one',
  csp_blocked: 'because this page may not use the direct one',
  open_timeout: 'because the direct one did not answer in time',
  connection_failed: 'because the direct one did not open',
  connection_lost: 'because the direct one broke',
  credentials_unreachable: 'because no credentials came for the direct one',
  credentials_refused: 'because no credentials were given for the direct one',
  limit_exceeded: 'because no more credentials are given for the direct one',
  clock_skewed: 'because the clock of this device is wrong',
  refused: 'because the direct one was refused',
  access_denied: 'because the direct one was refused',
};

/** The label and its reason. */
export function wordsOf({ by, reason }: Carried): { readonly label: string; readonly why: string } {
  if (by === 'relay') {
    return { label: 'Through our server', why: RELAYED[reason] ?? 'because the direct connection failed' };
  }
  return {
    label: 'Direct connection',
    why: reason === 'returned' ? 'it works again, and is the shortest way' : 'the shortest way to the storyteller',
  };
}
