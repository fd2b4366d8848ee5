// What wasm-bindgen writes to `dist/engine.js`. The bundler puts that file in this module's place.

declare module 'nova-sonic-engine' {
  import type { Engine as Contract } from './engine.js';

  export const Engine: new (config: string, seed: Uint8Array, now: number) => Contract;

  export default function init(options: {
    module_or_path: string | URL | ArrayBuffer;
  }): Promise<{ readonly memory: WebAssembly.Memory }>;
}
