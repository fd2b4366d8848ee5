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

/** A worker that is set up, or a typed error. */
export async function startWorker(
  setup: Setup,
  assets: AssetOptions | undefined,
  signal: AbortSignal,
): Promise<Worker> {
  const wasm = assets?.wasm === undefined ? undefined : absolute(assets.wasm);
  let failure: VoiceError;
  try {
    return await ready(spawn(assets?.worker), { ...setup, wasm }, signal);
  } catch (thrown) {
    failure = asAssetError(thrown, 'worker_failed');
  }
  if (assets?.inline === false || signal.aborted) throw failure;
  try {
    const found = await loadInline();
    const bytes = wasm ?? decoded(found.wasm);
    return await ready(module(blobOf(found.worker)), { ...setup, wasm: bytes }, signal);
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
function ready(worker: Worker, setup: Setup, signal: AbortSignal): Promise<Worker> {
  return new Promise((resolve, reject) => {
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
    const timer = setTimeout(() => fail(voiceError('worker_failed', 'the worker did not start in time')), LOAD_MS);
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
    worker.postMessage({ type: 'setup', setup } satisfies ToWorker);
  });
}

function asAssetError(thrown: unknown, code: BrowserErrorCode): VoiceError {
  return thrown instanceof VoiceError ? thrown : voiceError(code, asVoiceError(thrown).message, thrown);
}
