// The relay behind the fallback: a page's WebSocket on one side, Amazon Bedrock on the other.

import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

import { connectionFor, keysOf } from '../connection.js';
import { NovaSonicError, outcome, sound, voiceError } from '../errors.js';
import { checkedOrigin, isForeign } from '../handler/origins.js';
import { ofNode } from '../handler/request.js';
import { checkRelayRedis } from '../native.js';
import type { NativeConnection, NativeRelay } from '../native.js';
import type { RelayHandlerOptions, RelayRecord, RelayRules } from './options.js';
import { milliseconds, nativeRules } from './rules.js';
import { Socket } from './socket.js';
import type { WebSocketLike } from './socket.js';
import { Upgrader } from './upgrader.js';

/** Close codes of `nova-sonic.relay.v1`. */
const NOT_AUTHENTICATED = 4001;
const NOT_ALLOWED = 4003;
const UPSTREAM_FAILED = 4011;
/** Messages that are kept while it is found out who sends them, bytes. */
const MOST_EARLY = 4 * 1024 * 1024;

/** Lets pages talk through this server. */
export class Relay {
  readonly #options: RelayHandlerOptions;
  readonly #allowed: ReadonlySet<string>;
  readonly #upgrader = new Upgrader((socket, request) => this.connection(socket, request));
  readonly #connection: NativeConnection;
  readonly #stalledMs: number | undefined;
  #native: Promise<NativeRelay> | undefined;
  #isClosed = false;

  /** @internal */
  constructor(options: RelayHandlerOptions) {
    if (typeof options?.authorize !== 'function') {
      throw voiceError('configuration_invalid', 'option authorize is not a function: nobody could be told from anybody');
    }
    this.#options = options;
    this.#allowed = new Set((options.origins ?? []).map(checkedOrigin));
    // what is wrong with them shows now, and not to the first user
    nativeRules(options);
    this.#stalledMs = milliseconds('stallSeconds', options.stallSeconds);
    if (options.redisUrl !== undefined) sound(checkRelayRedis(String(options.redisUrl)));
    this.#connection = connectionFor(options);
  }

  /**
   * Listens to a server's upgrades to WebSockets on one path, and leaves those on other paths to others. Needs the
   * package `ws`.
   */
  attach(server: Pick<Server, 'on' | 'listenerCount'>, { path }: { readonly path: string }): this {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const [asked] = (request.url ?? '').split('?', 1);
      if (asked === path) this.upgrade(request, socket, head);
      // without us, Node would have closed it
      else if (server.listenerCount('upgrade') === 1) socket.destroy();
    });
    return this;
  }

  /** For a server's `upgrade` event: shakes hands and serves. Needs the package `ws`. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#upgrader.upgrade(request, socket, head);
  };

  /**
   * For the `connection` event of a `WebSocketServer` of `ws`, which has to speak `nova-sonic.relay.v1`:
   * `handleProtocols: () => 'nova-sonic.relay.v1'`, `maxPayload: 1_000_000`.
   */
  readonly connection = (socket: WebSocketLike, request: IncomingMessage): void => {
    const early = new Early(socket);
    this.#serve(socket, request, early).catch((thrown: unknown) => {
      this.#options.onError?.(thrown, request);
      socket.close(UPSTREAM_FAILED, thrown instanceof NovaSonicError ? thrown.code : 'internal');
    });
  };

  /** Conversations that go on. */
  async running(): Promise<number> {
    return this.#native === undefined ? 0 : (await this.#native).running;
  }

  /** Tells every page of one subject how things stand, in your own fields; settles with how many pages there are. */
  async sendStatus(subject: string, fields: Readonly<Record<string, unknown>>): Promise<number> {
    return this.#native === undefined ? 0 : (await this.#native).sendStatus(subject, JSON.stringify(fields));
  }

  /** Lets nobody else in, sends those who talk to another server, and settles when the last one has gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const native = await this.#native?.catch(() => undefined);
    native?.shutDown();
    await native?.emptied();
  }

  async #serve(socket: WebSocketLike, request: IncomingMessage, early: Early): Promise<void> {
    const { authorize, rules, onEnded } = this.#options;
    const native = await this.#relay();
    const refuse = (code: number, message: string): void => {
      const carried = new Socket(socket, {}, (ring) => native.refuse(code, message, ring), () => {});
      early.pass(carried);
    };
    if (isForeign(ofNode(request), this.#allowed)) {
      return refuse(NOT_ALLOWED, 'pages of this origin may not talk here');
    }
    const subject = await authorize(request);
    if (subject === false) return refuse(NOT_ALLOWED, 'this user may not talk');
    if (subject === null || subject === undefined || subject === '') return refuse(NOT_AUTHENTICATED, 'nobody is signed in');
    const own: RelayRules = { ...this.#options, ...(await rules?.(request, subject)) };
    const decided = nativeRules(own);
    await this.#keepCredentials();
    if (early.isGone) return;
    const connect = (ring: () => void) => outcome(native.connect(subject, decided, ring));
    const ended = (record: RelayRecord): void => {
      try {
        onEnded?.(record, request);
      } catch (thrown) {
        this.#options.onError?.(thrown, request);
      }
    };
    early.pass(new Socket(socket, own.tools ?? {}, connect, ended, this.#stalledMs));
  }

  /** Made when it is first needed; tried again when it could not be made. */
  #relay(): Promise<NativeRelay> {
    if (this.#native === undefined) {
      const made = this.#make();
      this.#native = made;
      made.catch(() => (this.#native = undefined));
    }
    return this.#native;
  }

  async #make(): Promise<NativeRelay> {
    const { perSubject, total, redisUrl } = this.#options;
    const relay = outcome(await this.#connection.openRelay(perSubject, total, redisUrl));
    if (this.#isClosed) relay.shutDown();
    return relay;
  }

  async #keepCredentials(): Promise<void> {
    const keys = await keysOf(this.#options.credentials);
    if (keys !== undefined) this.#connection.keep(keys);
  }
}

/**
 * The relay that the browser package falls back to where a page cannot reach Amazon Bedrock.
 *
 * ```ts
 * const relay = relayHandler({ region: 'us-east-1', authorize: (request) => userOf(request), systemPrompt: 'You tell stories.' });
 * relay.attach(server, { path: '/voice/relay' }); // an http.Server
 * ```
 */
export function relayHandler(options: RelayHandlerOptions): Relay {
  return new Relay(options);
}

/** What a client says and does before it is known who it is. */
class Early {
  readonly #messages: [data: Buffer, isBinary: boolean][] = [];
  #bytes = 0;
  #carried: Socket | undefined;
  isGone = false;

  constructor(socket: WebSocketLike) {
    socket.on('message', (data, isBinary) => this.#receive(socket, bytesOf(data), isBinary));
    socket.on('close', () => this.#gone());
    // `close` follows
    (socket as unknown as EventEmitter).on('error', () => {});
  }

  /** From now on, and for what came so far, it is carried. */
  pass(carried: Socket): void {
    this.#carried = carried;
    for (const [data, isBinary] of this.#messages.splice(0)) carried.receive(data, isBinary);
    if (this.isGone) carried.gone();
  }

  #receive(socket: WebSocketLike, data: Buffer, isBinary: boolean): void {
    if (this.#carried !== undefined) return this.#carried.receive(data, isBinary);
    this.#bytes += data.length;
    if (this.#bytes > MOST_EARLY) socket.terminate();
    else this.#messages.push([data, isBinary]);
  }

  #gone(): void {
    this.isGone = true;
    this.#carried?.gone();
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
