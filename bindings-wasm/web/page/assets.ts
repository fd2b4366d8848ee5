// Finds the package's other files: beside this module, as bundlers understand it; through a Blob where this module came
// from another origin; and inline, in a chunk of its own, where everything else has failed.
//
// The addresses are relative to `dist/index.js`, into which this file is bundled, and have to stand there literally:
// bundlers look for exactly this pattern.

import type { FromWorker, Setup, ToWorker } from '../channel.js';
import { VoiceError, asVoiceError, voiceError, type BrowserErrorCode } from '../errors.js';
import type { AssetOptions } from '../options.js';

/** How long a worker may take to load itself and the engine, ms; a first visit on a slow line takes seconds. */
const LOAD_MS = 15_000;

type Inline = typeof import('../inline.js');
type WorkletName = 'capture' | 'playback';

let inline: Promise<Inline> | undefined;

function loadInline(): Promise<Inline> {
  inline ??= import('../inline.js');
  return inline;
}

/** A worker that nobody has set up yet, whose engine is loaded or about to be. */
let warm: { readonly worker: Worker; readonly assets: string } | undefined;

/**
 * Loads the worker and its engine, and has the browser start its audio, before a conversation needs them: that saves the
 * first one 100 ms and more between the click and the first word. Call it when people see that they may talk: it asks for no permission and connects to nothing,
 * and the worker waits for the next session with the same `assets`. What fails here is tried again, and told, by
 * `start()`.
 *
 * ```ts
 * preload();
 * button.onclick = () => new VoiceSession(options).start();
 * ```
 */
export function preload(assets?: AssetOptions): void {
  if (warm !== undefined || typeof Worker === 'undefined') return;
  let worker: Worker;
  try {
    // the first context of a page has the browser start its audio, and the page wait for that
    new AudioContext().close().catch(() => {});
    worker = load(assets);
  } catch {
    return;
  }
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    if (warm?.worker === worker) warm = undefined;
  };
  warm = { worker, assets: nameOf(assets) };
}

function takeWarm(assets: AssetOptions | undefined): Worker | undefined {
  if (warm?.assets !== nameOf(assets)) return undefined;
  const { worker } = warm;
  warm = undefined;
  return worker;
}

function nameOf(assets: AssetOptions | undefined): string {
  return `${assets?.worker ?? ''} ${assets?.wasm ?? ''}`;
}

function wasmAddress(assets: AssetOptions | undefined): string | undefined {
  return assets?.wasm === undefined ? undefined : absolute(assets.wasm);
}

/** A worker that loads its engine; what becomes of it is told to who sets it up. */
function load(assets: AssetOptions | undefined): Worker {
  const worker = spawn(assets?.worker);
  worker.postMessage({ type: 'load', wasm: wasmAddress(assets) } satisfies ToWorker);
  return worker;
}

/** A worker that is set up, as soon as it is known how; or a typed error. */
export async function startWorker(
  setup: Promise<Setup>,
  assets: AssetOptions | undefined,
  signal: AbortSignal,
): Promise<Worker> {
  const wasm = wasmAddress(assets);
  let failure: VoiceError;
  try {
    return await ready(takeWarm(assets) ?? load(assets), setup, wasm, signal);
  } catch (thrown) {
    failure = asAssetError(thrown, 'worker_failed');
  }
  if (assets?.inline === false || signal.aborted) throw failure;
  // what it is to be set up with may be what has failed
  const known = await setup;
  try {
    const found = await loadInline();
    const bytes = wasm ?? decoded(found.wasm);
    return await ready(module(blobOf(found.worker)), known, bytes, signal);
  } catch (thrown) {
    const second = asAssetError(thrown, failure.code as BrowserErrorCode);
    throw new VoiceError({ ...second, message: `${failure.message}; inline: ${second.message}` }, failure);
  }
}

/** Loads a worklet into a context, or rejects with a typed error. */
export async function addWorklet(
  context: AudioContext,
  name: WorkletName,
  assets: AssetOptions | undefined,
): Promise<void> {
  const { audioWorklet } = context;
  // an insecure page has none, and so have browsers from before 2021
  if ((audioWorklet as AudioWorklet | undefined) === undefined) throw voiceError('browser_unsupported');
  let failure: unknown;
  try {
    await audioWorklet.addModule(workletAddress(name, assets));
    return;
  } catch (thrown) {
    failure = thrown;
  }
  try {
    if (assets?.inline === false) throw failure;
    await audioWorklet.addModule(blobOf((await loadInline())[name]));
  } catch (thrown) {
    throw voiceError('worklet_failed', `the package's audio worklet ${name}.js could not be loaded`, thrown);
  }
}

function workletAddress(name: WorkletName, assets: AssetOptions | undefined): string | URL {
  const given = assets?.[name];
  if (given !== undefined) return given;
  return name === 'capture' ? new URL('./capture.js', import.meta.url) : new URL('./playback.js', import.meta.url);
}

function spawn(given: string | URL | undefined): Worker {
  try {
    if (given !== undefined) return module(absolute(given));
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'nova-sonic' });
  } catch (thrown) {
    // another origin, such as a CDN: a Blob of this origin may import what a worker may not be
    if (!(thrown instanceof DOMException) || thrown.name !== 'SecurityError') throw thrown;
    const address = given === undefined ? beside('worker.js') : absolute(given);
    return module(blobOf(`import ${JSON.stringify(address)};`));
  }
}

/** Not in the pattern that bundlers look for: only what no bundler has touched comes from another origin. */
function beside(file: string): string {
  return new URL(file, import.meta.url).href;
}

function absolute(address: string | URL): string {
  return new URL(address, document.baseURI).href;
}

function module(address: string): Worker {
  return new Worker(address, { type: 'module', name: 'nova-sonic' });
}

function blobOf(source: string): string {
  return URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
}

function decoded(base64: string): ArrayBuffer {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
}

/** Sets the worker up and waits until its engine is loaded; a worker that fails is ended. */
function ready(
  worker: Worker,
  setup: Setup | Promise<Setup>,
  wasm: Setup['wasm'],
  signal: AbortSignal,
): Promise<Worker> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      worker.onmessage = worker.onerror = null;
      signal.removeEventListener('abort', aborted);
    };
    const fail = (error: VoiceError): void => {
      settle();
      worker.terminate();
      reject(error);
    };
    const aborted = (): void => fail(voiceError('aborted'));
    signal.addEventListener('abort', aborted);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(voiceError('worker_failed'));
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === 'unusable') {
        fail(voiceError('wasm_failed', data.error.message));
        return;
      }
      settle();
      resolve(worker);
    };
    Promise.resolve(setup).then((known) => {
      if (worker.onmessage === null) return;
      worker.postMessage({ type: 'setup', setup: { ...known, wasm } } satisfies ToWorker);
      timer = setTimeout(() => fail(voiceError('worker_failed', 'the worker did not start in time')), LOAD_MS);
    }, fail);
  });
}

function asAssetError(thrown: unknown, code: BrowserErrorCode): VoiceError {
  return thrown instanceof VoiceError ? thrown : voiceError(code, asVoiceError(thrown).message, thrown);
}
