// The worker's global. The DOM's library, which the rest of the package is typed by, describes a window's.

import type { FromWorker, ToWorker } from '../channel.js';

interface WorkerScope {
  onmessage: ((message: MessageEvent<ToWorker>) => void) | null;
  readonly navigator: { readonly onLine: boolean };
  /** Of the page, also in a worker that was made from a Blob. */
  readonly origin: string;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  addEventListener(
    type: 'securitypolicyviolation',
    listener: (violation: SecurityPolicyViolationEvent) => void,
  ): void;
  close(): void;
}

export const scope = globalThis as unknown as WorkerScope;

/** Tells the page. */
export function tell(message: FromWorker, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}
