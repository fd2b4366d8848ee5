// What the build puts into `dist/inline.js`: the other files of the package as texts, for places where a bundler or a
// server does not hand them out.

/** Source of `worker.js`. */
export const worker: string;
/** Source of `capture.js`. */
export const capture: string;
/** Source of `playback.js`. */
export const playback: string;
/** `engine_bg.wasm` in base64. */
export const wasm: string;
