// Replaces a connection that still works: opens its successor, and hands over when nobody is in the middle of something.

import type { Fault } from '../channel.js';
import type { ConnectionKind } from '../options.js';
import type { RenewalReason } from '../types.js';
import type { Line } from './line.js';
import { isAborted, pause } from './pause.js';

/** How often is looked whether it is quiet, ms. */
const LOOK_MS = 100;
/** Pause before another attempt, ms. */
const RETRY_MS = 10_000;
/** How long after it is due the change is made though somebody speaks, ms: the stream has 2 minutes left, keys 3. */
const PATIENCE_MS: Record<RenewalReason, number> = {
  stream_life: 75_000,
  credentials: 100_000,
  connection: 0,
  returned: Infinity,
};

/** What a renewal needs of the conversation. */
export interface Renewable {
  isQuiet(): boolean;
  /** A successor that hears the microphone from now on. */
  prepare(kind: ConnectionKind): Line;
  connect(line: Line, signal: AbortSignal): Promise<void>;
  discard(line: Line): void;
  /** The successor carries the conversation from now on. */
  handOver(line: Line, reason: RenewalReason): void;
  /** An attempt failed; the conversation goes on. */
  failed(fault: Fault): void;
}

/** Tries until it has succeeded, or the patience is over; then the connection is left to its end. */
export async function renew(
  conversation: Renewable,
  kind: ConnectionKind,
  reason: RenewalReason,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS[reason];
  while (!isAborted(signal)) {
    while (!conversation.isQuiet() && performance.now() < deadline) {
      await pause(LOOK_MS, signal);
      if (isAborted(signal)) return false;
    }
    const line = conversation.prepare(kind);
    try {
      await conversation.connect(line, signal);
    } catch (thrown) {
      conversation.discard(line);
      if (isAborted(signal)) return false;
      if (reason === 'returned') return false;
      conversation.failed(thrown as Fault);
      if (performance.now() >= deadline) return false;
      await pause(Math.min(RETRY_MS, Math.max(0, deadline - performance.now())), signal);
      continue;
    }
    if (isAborted(signal)) {
      conversation.discard(line);
      return false;
    }
    if (conversation.isQuiet() || performance.now() >= deadline) {
      conversation.handOver(line, reason);
      return true;
    }
    // somebody began to speak while it opened; it is not kept, for its history would be one turn behind
    conversation.discard(line);
  }
  return false;
}
