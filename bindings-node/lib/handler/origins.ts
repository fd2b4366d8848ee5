// Which pages may ask, told by what only a browser can write: `Origin` and the Fetch Metadata headers.
//
// - `Origin`, where it is sent, is this server's own or one of those named, compared as a whole. `null` never is. That it
//   is our own the browser also says by `Sec-Fetch-Site: same-origin`, whatever proxies have made of scheme and host.
// - Without `Origin` (a GET from our own pages has none), `Sec-Fetch-Site` is `same-origin`.
// - `Sec-Fetch-Dest`, where it is sent, is `empty`: a script's `fetch`, not a link, a frame or an image.
// - Without both (no browser of the last years, on a page that may use the microphone), the request must carry what no
//   other page can make a browser send: `Authorization` other than the kinds that browsers repeat by themselves,
//   `X-Requested-With`, or a POST's `application/json`.
//
// Sources: Fetch Metadata Request Headers (W3C), the Fetch standard, OWASP's CSRF prevention cheat sheet.

import { voiceError } from '../errors.js';
import { Refused } from './refusals.js';
import type { Asked } from './request.js';

/** A browser repeats these for every page once its user has logged in, so they do not tell one page from another. */
const AMBIENT_SCHEMES = new Set(['basic', 'digest', 'negotiate', 'ntlm']);
/** Longest body of a POST, bytes. Nothing in it is read; pages send `{}`. */
const BODY_LIMIT = 4096;

/** The other origin whose page asks and may; `undefined` for this server's own. Throws a {@link Refused} otherwise. */
export function judgeOrigin(asked: Asked, allowed: ReadonlySet<string>): string | undefined {
  if ((asked.header('sec-fetch-dest') ?? 'empty') !== 'empty') {
    throw refused('not asked for by a script (Sec-Fetch-Dest)');
  }
  const origin = asked.header('origin');
  const site = asked.header('sec-fetch-site');
  if (origin !== undefined) {
    if (allowed.has(origin)) return origin;
    if (origin !== 'null' && (site === 'same-origin' || origin === asked.ownOrigin)) return undefined;
    throw refused(`origin ${shown(origin)} is neither the server's own nor in the option origins`);
  }
  if (site === 'same-origin') return undefined;
  if (site !== undefined) throw refused(`Sec-Fetch-Site is ${shown(site)} and there is no Origin`);
  if (!isBeyondOtherPages(asked)) {
    throw refused('neither Origin nor Sec-Fetch-Site, nor a header that no other page can send');
  }
  return undefined;
}

/**
 * Whether a WebSocket is opened by a page of another origin that is not allowed. Browsers send `Origin` with every
 * handshake, and cookies whoever opens it; what sends none is no browser, and has no other user's cookies.
 */
export function isForeign(asked: Asked, allowed: ReadonlySet<string>): boolean {
  const origin = asked.header('origin');
  if (origin === undefined || allowed.has(origin)) return false;
  return origin === 'null' || (asked.header('sec-fetch-site') !== 'same-origin' && !isOwnHost(asked, origin));
}

/** Behind a proxy that speaks TLS, the scheme is not the one that the page knows: for a socket the host decides. */
function isOwnHost(asked: Asked, origin: string): boolean {
  const host = asked.header('host');
  return host !== undefined && (origin === `https://${host}` || origin === `http://${host}`);
}

/** Refuses a POST that an HTML form could have sent, and a body worth reading. */
export function judgeBody(asked: Asked): void {
  if (asked.method !== 'POST') return;
  if (!isJson(asked)) {
    throw new Refused(415, 'content_refused', 'POST needs the content type application/json.');
  }
  const length = asked.header('content-length') ?? '0';
  if (!/^\d{1,15}$/.test(length) || Number(length) > BODY_LIMIT || asked.header('transfer-encoding') !== undefined) {
    throw new Refused(413, 'content_refused', "The request's body is too long: send none.");
  }
}

function isBeyondOtherPages(asked: Asked): boolean {
  const scheme = asked.header('authorization')?.split(' ', 1)[0]?.toLowerCase();
  if (scheme !== undefined && scheme !== '' && !AMBIENT_SCHEMES.has(scheme)) return true;
  return asked.header('x-requested-with') !== undefined || (asked.method === 'POST' && isJson(asked));
}

function isJson(asked: Asked): boolean {
  return asked.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

function refused(detail: string): Refused {
  return new Refused(403, 'origin_refused', 'Requests from this page are not answered.', { detail });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

/** An origin as browsers write it: `*`, `null` and addresses with a path stand for pages that nobody knows. */
export function checkedOrigin(origin: string): string {
  let written: string | undefined;
  try {
    written = new URL(origin).origin;
  } catch {
    written = undefined;
  }
  if (written === origin && /^https?:/.test(origin)) return origin;
  const problem = `origin ${JSON.stringify(origin)} is none that a browser sends: scheme, host and port, without a path`;
  throw voiceError('configuration_invalid', problem);
}
