// One attempt to connect: where to, with what, and if it fails, why.

import type { Answer, Fault, Question, Setup } from '../channel.js';
import { diagnoseDirect, diagnoseRelay } from './diagnosis.js';
import { fetchGrant, type FetchedGrant } from './grant.js';
import type { Line, Unopened } from './line.js';
import { tell } from './scope.js';

const SUBPROTOCOL = 'nova-sonic.relay.v1';
/** How old a grant may be that was fetched ahead, ms: it opens streams for a minute or more. */
const FRESH_MS = 30_000;

export class Connector {
  readonly #setup: Setup;
  #requests = 0;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  /** A grant that was asked for before anybody wanted to connect, and when that was. */
  #ahead: { readonly asked: number; readonly grant: Promise<FetchedGrant> } | undefined;

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  /** Asks for what the first connection needs, while the user may still be asked for the microphone; opens nothing. */
  prepare(): void {
    if (this.#setup.transport === 'relay' || this.#setup.grant === undefined) return;
    const { signal } = new AbortController();
    const { grant: source } = this.#setup;
    const headers = source.kind === 'request' ? source.headers : undefined;
    const grant = this.#grant(signal, headers);
    // who connects is told of it
    grant.catch(() => {});
    this.#ahead = { asked: performance.now(), grant };
  }

  /** Opens the line; rejects with a {@link Fault}. */
  async connect(line: Line, signal: AbortSignal): Promise<void> {
    if (line.kind === 'direct') await this.#direct(line, signal);
    else await this.#relay(line, signal);
  }

  /** The page has answered. */
  answered(request: number, answer: Answer): void {
    this.#waiting.get(request)?.(answer);
    this.#waiting.delete(request);
  }

  async #direct(line: Line, signal: AbortSignal): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const isFresh = ahead !== undefined && performance.now() - ahead.asked < FRESH_MS;
    const { bytes, skewMs, received } = await (isFresh ? ahead.grant : this.#grant(signal));
    const { endpoint, connectMs } = this.#setup;
    let url: string;
    try {
      url = line.engine.openDirect(bytes, line.wall, endpoint, received);
    } finally {
      bytes.fill(0);
    }
    try {
      await line.open(url, [], connectMs, signal);
    } catch (unopened) {
      throw await diagnoseDirect(unopened as Unopened, { url, skewMs, ownHost: endpoint !== undefined });
    }
  }

  async #relay(line: Line, signal: AbortSignal): Promise<void> {
    const url = this.#setup.relayUrl ?? (await this.#relayUrl(signal));
    line.engine.openRelay();
    try {
      await line.open(url, [SUBPROTOCOL], this.#setup.connectMs, signal);
    } catch (unopened) {
      throw await diagnoseRelay(unopened as Unopened, url);
    }
  }

  async #relayUrl(signal: AbortSignal): Promise<string> {
    const answer = await this.#ask('relay', signal);
    if (answer.kind !== 'relay') throw { code: 'internal' } satisfies Fault;
    return answer.url;
  }

  async #grant(signal: AbortSignal, headers?: Record<string, string>): Promise<FetchedGrant> {
    const source = this.#setup.grant;
    if (source === undefined) throw { code: 'credentials_missing' } satisfies Fault;
    if (source.kind === 'request') {
      if (headers !== undefined) return await fetchGrant(source, headers, signal);
      const answer = await this.#ask('headers', signal);
      return await fetchGrant(source, answer.kind === 'headers' ? answer.headers : {}, signal);
    }
    const answer = await this.#ask('grant', signal);
    if (answer.kind !== 'grant') throw { code: 'internal' } satisfies Fault;
    return { bytes: answer.bytes, skewMs: undefined, received: Date.now() };
  }

  /** Asks the page for what only it has; an error of the page's own functions is thrown here. */
  #ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const request = ++this.#requests;
    return new Promise((resolve, reject: (fault: Fault) => void) => {
      const give = (answer: Answer): void => {
        signal.removeEventListener('abort', stop);
        if (answer.kind === 'error') reject(answer.error);
        else resolve(answer);
      };
      const stop = (): void => {
        this.#waiting.delete(request);
        reject({ code: 'aborted' });
      };
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.set(request, give);
      tell({ type: 'question', request, question });
    });
  }
}
