// What this package throws and reports: one class, with the codes of the project's catalogue.

import { describe } from './native.js';
import type { NativeFault } from './native.js';

/** Who can do something about an error. */
export type ErrorBlame = 'caller' | 'model' | 'service' | 'network';

/** Stable code of an error: one of the project's catalogue, or of the few that only this package has. */
export type ErrorCode = OwnCode | (string & Record<never, never>);

/** What only a program in Node can run into. */
const OWN = {
  session_started: {
    message: 'the session was started before',
    advice: 'make a new VoiceSession for each conversation',
  },
  session_unstarted: {
    message: 'the session was not started yet',
    advice: 'await start() before you speak',
  },
} as const;

type OwnCode = keyof typeof OWN;

/** Everything that goes wrong: a stable code, whose fault it is, and what to do. */
export class NovaSonicError extends Error {
  override readonly name = 'NovaSonicError';
  /** Stable; the same in every language of the project. */
  readonly code: ErrorCode;
  /** Whether the same attempt, a little later, may succeed. */
  readonly retryable: boolean;
  /** Who can do something about it. */
  readonly blame: ErrorBlame;
  /** What to do, one sentence. */
  readonly advice: string;
  /** Time after which an attempt makes sense again, ms, where that is known. */
  readonly retryAfterMs: number | undefined;
  /** AWS's own name of the error, where AWS answered with one. */
  readonly awsName: string | undefined;
  /** AWS's id of the refused request, for CloudTrail and AWS support. */
  readonly requestId: string | undefined;

  /** @internal */
  constructor(fault: FaultLike) {
    super(fault.message);
    this.code = fault.code;
    this.retryable = fault.retryable;
    this.blame = fault.blame;
    this.advice = fault.advice ?? describe(fault.code)?.advice ?? 'read the message';
    this.retryAfterMs = fault.retryAfterMs;
    this.awsName = fault.awsName;
    this.requestId = fault.requestId;
  }
}

/** What an error is made of, as events and the native part have it. */
export interface FaultLike {
  code: string;
  message: string;
  retryable: boolean;
  blame: ErrorBlame;
  advice?: string;
  retryAfterMs?: number;
  awsName?: string;
  requestId?: string;
}

/** An error of the catalogue, or of this package. */
export function voiceError(code: string, message?: string): NovaSonicError {
  if (Object.hasOwn(OWN, code)) {
    const own = OWN[code as OwnCode];
    return new NovaSonicError({ code, blame: 'caller', retryable: false, advice: own.advice, message: message ?? own.message });
  }
  const found = describe(code) ?? describe('internal');
  if (found === null) throw new TypeError(`the native part does not know the code ${code}`);
  return new NovaSonicError({ ...found, message: message ?? found.message });
}

/** Throws what the native part returned, if that is a fault. */
export function sound(fault: NativeFault | null | undefined): void {
  if (fault !== null && fault !== undefined) throw new NovaSonicError(fault);
}

/** What the native part returned; throws it if it is a fault. */
export function outcome<T extends object | string>(returned: T | NativeFault): T {
  if (isFault(returned)) throw new NovaSonicError(returned);
  return returned;
}

function isFault(returned: object | string): returned is NativeFault {
  return typeof returned === 'object' && Object.hasOwn(returned, 'retryable');
}
