// What the page's Content-Security-Policy has blocked in this worker. The failure itself looks like any other.

import type { Fault } from '../channel.js';
import { scope } from './scope.js';

/** Hosts of blocked connections, by their `host`. */
const blocked = new Set<string>();

/** Listens from now on. */
export function watchPolicy(): void {
  scope.addEventListener('securitypolicyviolation', ({ blockedURI }) => {
    try {
      blocked.add(new URL(blockedURI).host);
    } catch {
      // a keyword such as `wasm-eval`, and no address
    }
  });
}

/** The fault, if the policy has blocked a connection to that address since it was last asked. */
export function policyBlocked(url: string): Fault | undefined {
  const { host, protocol } = new URL(url);
  if (!blocked.delete(host)) return undefined;
  return { code: 'csp_blocked', message: `the page's Content-Security-Policy has no connect-src for ${protocol}//${host}` };
}
