// What the worker relies on of the module that wasm-bindgen writes to `dist/engine.js`, and that the bundler puts in this
// one's place. `contract.ts` holds the two against each other.

declare module 'nova-sonic-engine' {
  /** Times are ms: `now` of `performance.now()`, `wall` since the epoch. Errors thrown are `{code, message, …}`. */
  export class Engine {
    constructor(config: string, seed: Uint8Array, now: number);
    openDirect(grant: Uint8Array, wall: number, endpoint?: string): string;
    openRelay(): void;
    connected(now: number): void;
    disconnected(now: number, code: number, reason: string): void;
    failed(now: number, code: string, message: string): void;
    receivedBinary(now: number, bytes: Uint8Array): void;
    receivedText(now: number, text: string): void;
    audio(now: number, samples: Int16Array): void;
    capture(now: number, samples: Float32Array, rate: number): void;
    text(now: number, text: string): void;
    microphone(now: number, position: string): void;
    played(now: number, turn: number, samples: number): void;
    interrupt(now: number): void;
    toolResult(now: number, id: string, json: string): void;
    toolFailed(now: number, id: string, message: string): void;
    timeout(now: number): void;
    hangup(now: number): void;
    poll(wall: number): number;
    outPtr(): number;
    outLen(): number;
    outTurn(): number;
    outText(): string;
    nextTimeout(): number;
    successor(config: string, seed: Uint8Array, now: number): Engine;
    level(): number;
    free(): void;
  }

  export default function init(options: {
    module_or_path: string | URL | ArrayBuffer;
  }): Promise<{ readonly memory: WebAssembly.Memory }>;
}
