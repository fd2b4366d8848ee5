// One request, whichever framework brings it: what the handler reads of it, and how it is answered.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** What is read of a request. */
export interface Asked {
  readonly method: string;
  /** A header by its lower-case name. */
  header(name: string): string | undefined;
  /** The origin under which the request reached this server. */
  readonly ownOrigin: string | undefined;
}

/** What is answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/** What Express adds to Node's request, as far as it matters here. */
interface WithProtocol {
  readonly protocol?: string;
}

/** Fastify's request. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly protocol?: string;
}

/** Fastify's reply. */
export interface FastifyReplyLike {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body?: unknown): unknown;
}

/** Reads a request of Node or Express. */
export function ofNode(request: IncomingMessage & WithProtocol): Asked {
  return {
    method: request.method ?? 'GET',
    header: (name) => textOf(request.headers[name]),
    ownOrigin: originOf(request.protocol ?? (isEncrypted(request) ? 'https' : 'http'), request.headers.host),
  };
}

/** Reads a request of Fastify. */
export function ofFastify({ raw, protocol }: FastifyRequestLike): Asked {
  const asked = ofNode(raw);
  return protocol === undefined ? asked : { ...asked, ownOrigin: originOf(protocol, raw.headers.host) };
}

/** Reads a request as `fetch` has them: Next's route handlers, and everybody who speaks WinterTC. */
export function ofWeb(request: Request): Asked {
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined;
  const url = new URL(request.url);
  return { method: request.method, header, ownOrigin: originOf(url.protocol.slice(0, -1), header('host') ?? url.host) };
}

/** Answers with Node's or Express's response. */
export function sendNode(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers);
  response.end(body);
}

/** Answers with Fastify's reply. */
export function sendFastify(reply: FastifyReplyLike, { status, headers, body }: Answer): void {
  reply.code(status);
  reply.headers({ ...headers });
  reply.send(body === undefined ? undefined : Buffer.from(body));
}

/** Answers as `fetch` has it. */
export function asResponse({ status, headers, body }: Answer): Response {
  return new Response(body === undefined ? null : new Uint8Array(body), { status, headers: { ...headers } });
}

/** Whether it is a request of `fetch`, by what it can do: there may be more than one class of them. */
export function isWeb(request: object): request is Request {
  return 'headers' in request && typeof (request.headers as { get?: unknown }).get === 'function' && 'url' in request;
}

/** Whether it is Fastify's. */
export function isFastify(request: object): request is FastifyRequestLike {
  return 'raw' in request;
}

function originOf(protocol: string, host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  try {
    return new URL(`${protocol}://${host}`).origin;
  } catch {
    return undefined;
  }
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}

/** What came more than once is no single thing to believe. */
function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}
