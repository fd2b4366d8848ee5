// What a server decides about the conversations over its relay.

import type { IncomingMessage } from 'node:http';

import type { Route } from '../connection.js';
import type { Tools } from '../options.js';

/** What the server decides about one conversation; what it leaves out is the page's choice. */
export interface RelayRules {
  /** The system prompt, whatever the page sends. */
  readonly systemPrompt?: string;
  /** What stands before the page's own system prompt. */
  readonly promptPrefix?: string;
  /** The voice, whatever the page asks for. */
  readonly voice?: string;
  /** The voices of which the page may choose one. */
  readonly voices?: readonly string[];
  /** Tools. Those with `execute` run here, and the page sees nothing of them; calls of the others go to the page. */
  readonly tools?: Tools;
  /** Whether the page may declare tools of its own. Default: only where the server has none. */
  readonly clientTools?: boolean;
  /** Most tokens of one answer. */
  readonly maxTokens?: number;
  /** Time without a word of either side after which it ends, seconds. Default: 300. */
  readonly idleSeconds?: number;
  /** How long it may last, seconds. Default: the service's eight minutes. */
  readonly maxSeconds?: number;
  /** Whether the record says what was said. Default: `true`. */
  readonly transcript?: boolean;
}

/** Options of {@link relayHandler}: how the service is reached, the rules of all conversations, and who may talk. */
export interface RelayHandlerOptions extends Route, RelayRules {
  /**
   * Who opens the socket: your own name of the signed-in user; nothing, if nobody is signed in; `false`, if this user may
   * not talk. It gets the handshake's request, with its cookies and its URL.
   */
  readonly authorize: (
    request: IncomingMessage,
  ) => string | false | null | undefined | Promise<string | false | null | undefined>;
  /** Rules of this conversation alone, over those above; such as a prompt for what the page shows. */
  readonly rules?: (request: IncomingMessage, subject: string) => RelayRules | Promise<RelayRules>;
  /** Other origins whose pages may talk, such as `https://app.example.com`; your own always may. */
  readonly origins?: readonly string[];
  /** Conversations of one subject at once. Default: 4, since one that changes its connection has two for a moment. */
  readonly perSubject?: number;
  /**
   * The Redis, version 4 or later, where all relays that name it count the conversations of a subject together, Python's
   * as well: `redis://host:port/database` or `unix:///path?db=database`, not over TLS. Where it does not answer within two
   * seconds, nobody is let in: `limits_unavailable`. Default: each process counts its own.
   */
  readonly redisUrl?: string;
  /** Conversations at once, in this process. Default: 10,000. */
  readonly total?: number;
  /** How long a page may take nothing of what it is sent before it counts as gone, seconds. Default: 30. */
  readonly stallSeconds?: number;
  /** Told of each conversation when it is over. */
  readonly onEnded?: (record: RelayRecord, request: IncomingMessage) => void;
  /** Told of what goes wrong here, such as a rule of yours that throws. */
  readonly onError?: (error: unknown, request: IncomingMessage) => void;
}

/** What is worth keeping of a conversation. */
export interface RelayRecord {
  /** Its own name, 32 hexadecimal digits drawn at random. */
  readonly id: string;
  readonly subject: string;
  readonly started: Date;
  readonly ended: Date | undefined;
  /** The service's own name for it. */
  readonly sessionId: string | null;
  readonly usage: {
    readonly inputSpeech: number;
    readonly inputText: number;
    readonly outputSpeech: number;
    readonly outputText: number;
  };
  /** What was said, in order. */
  readonly transcript: readonly { readonly role: string; readonly text: string }[];
  /** Calls of the server's own tools. */
  readonly toolCalls: number;
  /** Bytes that the page has sent. */
  readonly receivedBytes: number;
  readonly unreadableEvents: number;
  /** The close code of the WebSocket; `null` when the page was gone first. */
  readonly closeCode: number | null;
  /** `ended`, `client_gone`, or the stable code of what went wrong. */
  readonly reason: string | null;
}
