// Whether a connection that has opened lets the conversation in. Bedrock says nothing until somebody speaks; a relay says
// `ready`, or closes the socket with its reason, which a page would not see of a refused handshake.

import type { Fault } from '../channel.js';
import { faultOf, type EngineEvent } from './events.js';
import type { Line } from './line.js';

export class Admission {
  readonly #waiting = new Map<Line, (fault: Fault | undefined) => void>();

  /** Settles when the line is let in; rejects with a {@link Fault} when it is not, or nothing is said for `ms`. */
  await(line: Line, ms: number): Promise<void> {
    return new Promise((resolve, reject: (fault: Fault) => void) => {
      const settle = (fault: Fault | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(line);
        if (fault === undefined) resolve();
        else reject(fault);
      };
      const timer = setTimeout(() => settle({ code: 'open_timeout', message: 'the relay said nothing' }), ms);
      this.#waiting.set(line, settle);
    });
  }

  /** Looks at an event of a line; `true` when it was about its admission and nobody else's affair. */
  decides(line: Line, event: EngineEvent): boolean {
    const settle = this.#waiting.get(line);
    if (settle === undefined) return false;
    if (event.type === 'closed') {
      settle(faultOf(event));
      return true;
    }
    if (event.type === 'relay' && 'ready' in event.relay) settle(undefined);
    return false;
  }
}
