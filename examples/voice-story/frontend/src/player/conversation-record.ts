// What the server is told about a conversation once it is over, however it ends.

import type { CloseReason, ConnectionKind, VoiceSessionLike } from '@nova-sonic/web';

import { RequestProblem } from '../api/request';
import { endVoiceSession } from '../api/stories';
import type { EndedSession, HeardMessage, StartedSession } from '../api/types';

/** Pauses before the server is told again, ms: it may be starting anew just now. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/** Follows one conversation, and tells the server of its end. Needs no component: the page may have gone on meanwhile. */
export class ConversationRecord {
  readonly #session: VoiceSessionLike;
  readonly #heardMs = new Map<number, number>();
  readonly #carriedBy = new Set<ConnectionKind>();
  #fallback: string | null = null;
  #started: StartedSession | undefined;
  #reason: string | undefined;
  #isOver = false;

  /** `begun` is the server's answer, which may come when the conversation is already over again. */
  constructor(session: VoiceSessionLike, begun: Promise<StartedSession>) {
    this.#session = session;
    session.on('transportChanged', ({ to, reason, error }) => {
      this.#carriedBy.add(to);
      if (to === 'relay' && error !== undefined) this.#fallback ??= reason;
    });
    session.on('interrupted', ({ turn, heardMs }) => this.#heardMs.set(turn, Math.round(heardMs)));
    // a page that goes takes the session with it, before it could tell of its end
    const leave = (): void => this.#over('page_closed');
    addEventListener('pagehide', leave);
    session.on('closed', ({ reason }) => {
      removeEventListener('pagehide', leave);
      this.#over(reason);
    });
    begun.then(
      (started) => {
        this.#started = started;
        if (this.#isOver) this.#tell(started);
      },
      // there is nothing to end
      () => removeEventListener('pagehide', leave),
    );
  }

  /** The server's name for the conversation; `undefined` until it has given one. */
  get id(): string | undefined {
    return this.#started?.session;
  }

  /** Ends the conversation for a reason of the page's own. */
  end(reason: string): void {
    this.#reason = reason;
    void this.#session.close();
  }

  #over(reason: CloseReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // who hangs up before anybody has answered has had no conversation
    this.#reason ??= reason === 'hangup' && this.#carriedBy.size === 0 ? 'aborted' : reason;
    if (this.#started !== undefined) this.#tell(this.#started);
  }

  #tell({ session, story }: StartedSession): void {
    const [only = null, other] = this.#carriedBy;
    void tell(story, {
      session,
      reason: this.#reason ?? 'ended',
      transport: other === undefined ? only : 'both',
      fallback: this.#fallback,
      usage: this.#session.usage,
      messages: this.#heard(),
    });
  }

  #heard(): readonly HeardMessage[] {
    return this.#session.messages
      .filter(({ heard }) => heard !== '')
      .map(({ role, heard, stage, interrupted, turn }) => {
        const heardMs = this.#heardMs.get(turn);
        return { role, text: heard, stage, ...(interrupted && heardMs !== undefined && { heard_ms: heardMs }) };
      });
  }
}

async function tell(story: number, ended: EndedSession): Promise<void> {
  for (const pause of PAUSES_MS) {
    try {
      await endVoiceSession(story, ended);
      return;
    } catch (thrown) {
      // what the server refuses now it refuses again
      if (thrown instanceof RequestProblem && thrown.status > 0 && thrown.status < 500) return;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
