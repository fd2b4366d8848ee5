// What the page's Content-Security-Policy has blocked in this worker. The failure itself looks like any other.

import type { Fault } from '../channel.js';
import { scope } from './scope.js';

/** Hosts of blocked connections. */
const blocked = new Set<string>();
/** Who waits for a connection to a host. */
const waiting = new Set<{ readonly host: string; readonly told: () => void }>();

/** Listens from now on. */
export function watchPolicy(): void {
  scope.addEventListener('securitypolicyviolation', ({ blockedURI }) => {
    const host = hostOf(blockedURI);
    if (host === undefined) return;
    blocked.add(host);
    for (const one of waiting) if (one.host === host) one.told();
  });
}

/** Calls `told` when a connection to that address is blocked: Chromium leaves such a WebSocket waiting. */
export function onBlocked(url: string, told: () => void): () => void {
  const one = { host: new URL(url).host, told };
  waiting.add(one);
  return () => waiting.delete(one);
}

/** What is blocked may also be a keyword, such as `wasm-eval`. */
function hostOf(address: string): string | undefined {
  try {
    return new URL(address).host;
  } catch {
    return undefined;
  }
}

/** The fault, if the policy has blocked a connection to that address since it was last asked. */
export function policyBlocked(url: string): Fault | undefined {
  const { host, protocol } = new URL(url);
  if (!blocked.delete(host)) return undefined;
  return { code: 'csp_blocked', message: `the page's Content-Security-Policy has no connect-src for ${protocol}//${host}` };
}
