// Handshakes of WebSockets for servers that have none: by the package `ws`, if it is there.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { voiceError } from '../errors.js';
import type { WebSocketLike } from './socket.js';

/** The sub-protocol. */
const PROTOCOL = 'nova-sonic.relay.v1';
/** Longest message, bytes: that of the relay's text. */
const MOST_BYTES = 1_000_000;

/** As much of a `WebSocketServer` as is used. */
interface ServerLike {
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (socket: WebSocketLike, request: IncomingMessage) => void,
  ): void;
}

type ServerClass = new (options: object) => ServerLike;

export class Upgrader {
  readonly #serve: (socket: WebSocketLike, request: IncomingMessage) => void;
  #server: ServerLike | undefined;

  constructor(serve: (socket: WebSocketLike, request: IncomingMessage) => void) {
    this.#serve = serve;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(PROTOCOL)) {
      socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nThe sub-protocol ${PROTOCOL} is required.\r\n`);
      return;
    }
    this.#server ??= make();
    this.#server.handleUpgrade(request, socket, head, this.#serve);
  }
}

function make(): ServerLike {
  let found: { WebSocketServer: ServerClass };
  try {
    found = require('ws') as { WebSocketServer: ServerClass };
  } catch {
    throw voiceError('configuration_invalid', 'the package ws is not there: install it, or bring sockets of your own');
  }
  const handleProtocols = (): string => PROTOCOL;
  // sound hardly compresses, and a window for each socket costs more than all else
  return new found.WebSocketServer({ noServer: true, handleProtocols, maxPayload: MOST_BYTES, perMessageDeflate: false });
}
