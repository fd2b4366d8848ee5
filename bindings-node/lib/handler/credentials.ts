// The endpoint that a page asks for credentials, for whichever framework serves it.

import type { IncomingMessage, ServerResponse } from 'node:http';

import type { CredentialBroker, IssueRecord } from '../broker.js';
import { voiceError } from '../errors.js';
import { checkedOrigin, judgeBody, judgeOrigin } from './origins.js';
import { Refused, refusalOf } from './refusals.js';
import type { Refusal } from './refusals.js';
import { asResponse, isFastify, isWeb, ofFastify, ofNode, ofWeb, sendFastify, sendNode } from './request.js';
import type { Answer, Asked, FastifyReplyLike, FastifyRequestLike } from './request.js';

export type { Refusal } from './refusals.js';

/** Options of {@link credentialsHandler}. */
export interface CredentialsHandlerOptions<Request = never> {
  /** Issues the credentials. */
  readonly broker: CredentialBroker;
  /**
   * Who asks: your own name of the signed-in user; nothing, if nobody is signed in; `false`, if this user may not talk.
   * It gets the framework's own request.
   */
  readonly authorize: (
    request: [Request] extends [never] ? any : Request,
  ) => string | false | null | undefined | Promise<string | false | null | undefined>;
  /** Other origins whose pages may ask, such as `https://app.example.com`; your own always may. */
  readonly origins?: readonly string[];
  /** Told of each issue, for the audit trail. If it throws, the credentials are not handed out. */
  readonly onIssued?: (record: IssueRecord, subject: string) => void;
  /** Told of each refusal, with what the browser does not get to read; `thrown` is what an option of yours threw. */
  readonly onRefused?: (refusal: Refusal, thrown: unknown) => void;
}

/** A handler for plain `http` and Express, for Fastify, and for route handlers of Next and its kin. */
export interface CredentialsHandler {
  (request: globalThis.Request, context?: unknown): Promise<Response>;
  (request: FastifyRequestLike, reply: FastifyReplyLike): Promise<void>;
  (request: IncomingMessage, response: ServerResponse, next?: unknown): Promise<void>;
}

const METHODS = ['GET', 'POST'];
const ALLOW = [...METHODS, 'OPTIONS'].join(', ');
const REQUEST_HEADERS = 'authorization, content-type, x-csrf-token, x-requested-with';
const PREFLIGHT_SECONDS = 600;
const HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  // stops a foreign page from loading the answer as an image or a script
  'Cross-Origin-Resource-Policy': 'same-origin',
  Vary: 'Origin',
};

/**
 * Answers a signed-in user's page with credentials for Nova Sonic.
 *
 * ```ts
 * app.all('/api/aws-credentials', credentialsHandler({ broker, authorize: (request) => request.user?.id })); // Express, Fastify
 * export const GET = credentialsHandler({ broker, authorize: (request) => userOf(request) }); // Next
 * ```
 *
 * Requests that a foreign page may have made are refused, by `Origin` and the Fetch Metadata headers.
 */
export function credentialsHandler<Request = never>(options: CredentialsHandlerOptions<Request>): CredentialsHandler {
  if (typeof options?.authorize !== 'function') {
    throw voiceError('configuration_invalid', 'option authorize is not a function: nobody could be told from anybody');
  }
  const allowed = new Set((options.origins ?? []).map(checkedOrigin));
  const answer = (asked: Asked, request: unknown): Promise<Answer> =>
    answered(options as CredentialsHandlerOptions, allowed, asked, request);
  const handler = async (request: object, reply?: unknown): Promise<Response | void> => {
    if (isWeb(request)) return asResponse(await answer(ofWeb(request), request));
    if (isFastify(request)) return sendFastify(reply as FastifyReplyLike, await answer(ofFastify(request), request));
    const message = request as IncomingMessage;
    return sendNode(reply as ServerResponse, await answer(ofNode(message), message));
  };
  return handler as CredentialsHandler;
}

async function answered(
  options: CredentialsHandlerOptions,
  allowed: ReadonlySet<string>,
  asked: Asked,
  request: unknown,
): Promise<Answer> {
  let origin: string | undefined;
  try {
    if (![...METHODS, 'OPTIONS'].includes(asked.method)) {
      throw new Refused(405, 'method_refused', 'This method is not answered here.');
    }
    origin = judgeOrigin(asked, allowed);
    if (asked.method === 'OPTIONS') return preflight(origin);
    judgeBody(asked);
    const subject = await options.authorize(request as never);
    if (subject === false) throw new Refused(403, 'not_authorized', 'This user may not talk to Nova Sonic.');
    if (subject === null || subject === undefined || subject === '') {
      throw new Refused(401, 'sign_in_required', 'Sign in first.');
    }
    const grant = await options.broker.issue(subject);
    options.onIssued?.(grant.record, subject);
    return { status: 200, headers: headersFor(origin), body: grant.toJson() };
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    tell(() => options.onRefused?.(refusal, thrown));
    return refused(refusal, origin);
  }
}

/** A page's request must not end the server because its log cannot be written. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch (thrown) {
    process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
  }
}

function refused({ status, code, message, retryAfterMs }: Refusal, origin: string | undefined): Answer {
  const headers: Record<string, string> = headersFor(origin);
  if (retryAfterMs !== undefined) headers['Retry-After'] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  if (status === 401) headers['WWW-Authenticate'] = 'Session realm="nova-sonic"';
  if (status === 405) headers['Allow'] = ALLOW;
  return { status, headers, body: Buffer.from(JSON.stringify({ error: { code, message } })) };
}

function preflight(origin: string | undefined): Answer {
  const { 'Content-Type': _none, ...headers } = headersFor(origin);
  const answer: Record<string, string> = { ...headers, Allow: ALLOW };
  if (origin !== undefined) {
    answer['Access-Control-Allow-Methods'] = METHODS.join(', ');
    answer['Access-Control-Allow-Headers'] = REQUEST_HEADERS;
    answer['Access-Control-Max-Age'] = String(PREFLIGHT_SECONDS);
  }
  return { status: 204, headers: answer, body: undefined };
}

function headersFor(origin: string | undefined): Record<string, string> & typeof HEADERS {
  return {
    ...HEADERS,
    ...(origin !== undefined && {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Expose-Headers': 'Retry-After',
    }),
  };
}
