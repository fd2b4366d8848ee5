// One spoken conversation, as a page has it: brings microphone, loudspeaker and worker together and tells what happens.

import type { SessionEvent, Setup, ToWorker } from './channel.js';
import { VoiceError, asVoiceError, voiceError } from './errors.js';
import type { ConnectionKind, LateOptions, VoiceSessionOptions } from './options.js';
import { startWorker } from './page/assets.js';
import { allowedBefore, listDevices, watchDevices } from './page/devices.js';
import { Emitter } from './page/emitter.js';
import { spectrum } from './page/meter.js';
import { Progress } from './page/progress.js';
import { INPUT_RATE, completed, setupOf } from './page/setup.js';
import { Sound } from './page/sound.js';
import { ToolRunner, resultText, sentence } from './page/tools.js';
import { aborted, together } from './page/waiting.js';
import { WorkerLink } from './page/worker-link.js';
import type {
  AudioDevice,
  AudioDevices,
  Message,
  MicrophonePosition,
  PlaybackStatistics,
  Usage,
  VoiceEventName,
  VoiceListener,
  VoiceSessionLike,
  VoiceState,
} from './types.js';

/** How long the worker may take to say goodbye, ms. */
const GOODBYE_MS = 2_500;
const NO_STATISTICS: PlaybackStatistics = { bufferedMs: 0, targetMs: 0, underruns: 0, gapMs: 0 };

/**
 * One spoken conversation with Amazon Nova Sonic.
 *
 * ```ts
 * const session = new VoiceSession({ credentials: '/api/aws-credentials/', relay: '/voice/relay' });
 * session.on('messagesChanged', (messages) => show(messages));
 * button.onclick = () => session.start();
 * ```
 */
export class VoiceSession implements VoiceSessionLike {
  #options: VoiceSessionOptions;
  readonly #emitter = new Emitter();
  readonly #progress: Progress;
  readonly #tools: ToolRunner;
  readonly #ended = new AbortController();
  #position: MicrophonePosition;
  #volume: number;
  #statistics = NO_STATISTICS;
  #sound: Sound | undefined;
  #link: WorkerLink | undefined;
  #started = false;
  #begun: { resolve: () => void; reject: (error: VoiceError) => void } | undefined;
  #closing: Promise<void> | undefined;
  #endedBy: VoiceError | undefined;
  #saidGoodbye: (() => void) | undefined;
  /** What was asked of the worker before there was one. */
  #early: { message: ToWorker; transfer: Transferable[] }[] = [];
  /** What the worker told before the devices were open; nobody is to be listened to before. */
  #untold: SessionEvent[] | undefined = [];
  #cleanUp: (() => void)[] = [];

  constructor(options: VoiceSessionOptions) {
    this.#options = options;
    this.#position = options.microphone ?? 'open';
    this.#volume = clamped(options.volume ?? 1);
    this.#tools = new ToolRunner(() => this.#options.tools ?? {}, {
      result: (id, json) => this.#send({ type: 'toolResult', id, json }),
      failed: (id, message) => this.#send({ type: 'toolFailed', id, message }),
      unanswered: (call) => this.#emitter.emit('toolCall', call),
      answered: (event) => this.#emitter.emit('toolAnswered', event),
    });
    this.#progress = new Progress(this.#emitter, {
      // the latency is known only while something plays
      speaking: () => this.#tellLatency(),
      toolCall: ({ id, name, input }) => this.#tools.call({ id, name, input }),
      report: (error) => this.#report(error),
      closed: (reason, error) => void this.#end(reason, error),
    });
  }

  get state(): VoiceState {
    return this.#progress.state;
  }

  get messages(): readonly Message[] {
    return this.#progress.messages;
  }

  get usage(): Usage {
    return this.#progress.usage;
  }

  get transport(): ConnectionKind | undefined {
    return this.#progress.transport;
  }

  get microphone(): MicrophonePosition {
    return this.#position;
  }

  get muted(): boolean {
    return this.#position === 'muted';
  }

  get volume(): number {
    return this.#volume;
  }

  get inputLevel(): number {
    return this.#position === 'open' ? (this.#sound?.inputLevel ?? 0) : 0;
  }

  get outputLevel(): number {
    return this.#sound?.outputLevel ?? 0;
  }

  get inputDevice(): AudioDevice | undefined {
    return this.#sound?.inputDevice;
  }

  get outputDevice(): AudioDevice | undefined {
    return this.#sound?.outputDevice;
  }

  get playbackStatistics(): PlaybackStatistics {
    return this.#statistics;
  }

  async start(rest?: Promise<LateOptions>): Promise<void> {
    if (this.#closing !== undefined) throw voiceError('session_closed');
    if (this.#started) throw voiceError('session_started');
    this.#started = true;
    try {
      await this.#open(rest);
    } catch (thrown) {
      // closed meanwhile, by the page or by what the worker told: whatever then broke is no news
      const error = this.#isClosing() ? (this.#endedBy ?? voiceError('aborted', undefined, thrown)) : asVoiceError(thrown);
      await this.#end(error.code, error);
      throw error;
    }
  }

  async #open(rest: Promise<LateOptions> | undefined): Promise<void> {
    const { assets, signal } = this.#options;
    if (signal?.aborted === true) throw voiceError('aborted');
    const setup = rest === undefined ? Promise.resolve(setupOf(this.#options, this.#position)) : this.#complete(rest);
    // what needs the user's gesture comes before anything is awaited
    const sound = this.#makeSound();
    this.#progress.change('initializing');
    this.#watch(signal);

    const ended = this.#ended.signal;
    const worker = startWorker(setup, assets, ended).then((started) => this.#linkTo(started));
    const loudspeaker = sound.openLoudspeaker();
    const microphone = sound.openMicrophone();
    // no stream is opened for somebody who may not want to be heard
    const allowed = allowedBefore().then((isAllowed) => (isAllowed ? undefined : microphone));
    const connection = this.#connect(together(worker, allowed, loudspeaker), loudspeaker);
    // that the microphone is refused is told at once, and before what else may be wrong
    const devices = Promise.all([microphone, together(worker, loudspeaker)]).then(() => this.#tellUntold());
    // a context that is closed meanwhile may leave its worklet waiting for ever
    await Promise.race([Promise.all([devices, connection]), aborted(ended)]);
    this.#alive();
    void sound.runs().then((running) => {
      if (!running) this.#report(voiceError('playback_blocked'));
    });
  }

  async #complete(rest: Promise<LateOptions>): Promise<Setup> {
    this.#options = await completed(this.#options, rest);
    return setupOf(this.#options, this.#position);
  }

  /** Connects once that is so. */
  async #connect(ready: Promise<void>, loudspeaker: Promise<MessagePort | undefined>): Promise<void> {
    await ready;
    this.#alive();
    const port = await loudspeaker;
    if (port !== undefined) this.#send({ type: 'playback', port }, [port]);
    this.#tellLatency();
    await new Promise<void>((resolve, reject) => {
      this.#begun = { resolve, reject };
      this.#send({ type: 'connect' });
      for (const { message, transfer } of this.#early.splice(0)) this.#send(message, transfer);
    });
  }

  #makeSound(): Sound {
    const sound = new Sound(this.#options, this.#volume, {
      capture: (port, rate) => this.#sendSoon({ type: 'capture', port, rate }, [port]),
      inputChanged: (device, lost) => this.#emitter.emit('deviceChanged', { direction: 'input', device, lost }),
      failed: (error) => this.#report(error),
    });
    sound.enable(this.#position !== 'muted');
    this.#sound = sound;
    return sound;
  }

  #linkTo(worker: Worker): void {
    const { credentials, relay } = this.#options;
    this.#link = new WorkerLink(
      worker,
      { credentials, relay },
      {
        connected: () => this.#begun?.resolve(),
        event: (event) => this.#hear(event),
        audio: (event) => this.#emitter.emit('audio', event),
        statistics: (statistics) => (this.#statistics = statistics),
        broken: (error) => void this.#end(error.code, error),
      },
    );
    if (this.#ended.signal.aborted) this.#link.terminate();
    // it may have been moved since the worker was told
    this.#send({ type: 'microphone', position: this.#position });
    if (this.#emitter.has('audio')) this.#send({ type: 'wantAudio', wanted: true });
  }

  #hear(event: SessionEvent): void {
    if (event.type === 'closed') this.#tellUntold();
    if (this.#untold === undefined) this.#progress.receive(event);
    else this.#untold.push(event);
  }

  #tellUntold(): void {
    const untold = this.#untold ?? [];
    this.#untold = undefined;
    for (const event of untold) this.#progress.receive(event);
  }

  #watch(signal: AbortSignal | undefined): void {
    const online = (): void => this.#send({ type: 'online' });
    addEventListener('online', online);
    const leave = (): void => void this.close();
    addEventListener('pagehide', leave);
    signal?.addEventListener('abort', leave);
    this.#cleanUp.push(
      watchDevices((devices) => this.#emitter.emit('devicesChanged', devices)),
      () => removeEventListener('online', online),
      () => removeEventListener('pagehide', leave),
      () => signal?.removeEventListener('abort', leave),
    );
  }

  close(): Promise<void> {
    return this.#end('hangup', undefined);
  }

  mute(): void {
    this.#position = this.#position === 'open' ? 'muted' : this.#position;
    this.#place(this.#position);
  }

  unmute(): void {
    this.#place(this.#position === 'muted' ? 'open' : this.#position);
  }

  pushToTalk(pressed: boolean): void {
    this.#place(pressed ? 'open' : 'closed');
  }

  #place(position: MicrophonePosition): void {
    this.#position = position;
    this.#sound?.enable(position !== 'muted');
    this.#send({ type: 'microphone', position });
    this.#emitter.emit('microphoneChanged', { position });
  }

  sendText(text: string): void {
    this.#progress.typed(text);
    this.#sendSoon({ type: 'text', text });
  }

  sendAudio(samples: Int16Array | Float32Array | ArrayBuffer, rate: number = INPUT_RATE): void {
    const view = samples instanceof ArrayBuffer ? new Int16Array(samples, 0, samples.byteLength >> 1) : samples;
    const whole = view.byteLength === view.buffer.byteLength && view.buffer instanceof ArrayBuffer;
    const sent = whole ? view : view.slice();
    this.#send({ type: 'sound', samples: sent, rate }, [sent.buffer as ArrayBuffer]);
  }

  interrupt(): void {
    this.#send({ type: 'interrupt' });
  }

  setVolume(volume: number): void {
    this.#volume = clamped(volume);
    this.#sound?.setVolume(this.#volume);
  }

  async setInputDevice(id: string | undefined): Promise<void> {
    await this.#sound?.useInput(id);
  }

  async setOutputDevice(id: string | undefined): Promise<void> {
    await this.#sound?.useOutput(id);
    this.#tellLatency();
    this.#emitter.emit('deviceChanged', { direction: 'output', device: this.outputDevice, lost: false });
  }

  addToolResult(id: string, result: unknown): void {
    if (result instanceof Error) this.#send({ type: 'toolFailed', id, message: sentence(result) });
    else this.#send({ type: 'toolResult', id, json: resultText(result) });
  }

  reportPlayed(turn: number, samples: number): void {
    this.#send({ type: 'played', turn, samples });
  }

  devices(): Promise<AudioDevices> {
    return listDevices();
  }

  inputFrequencies(bins?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const sound = this.#position === 'open' ? this.#sound : undefined;
    return sound?.inputFrequencies(bins) ?? spectrum(undefined, bins);
  }

  outputFrequencies(bins?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return this.#sound?.outputFrequencies(bins) ?? spectrum(undefined, bins);
  }

  on<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): () => void {
    this.#emitter.on(name, listener);
    if (name === 'audio') this.#send({ type: 'wantAudio', wanted: true });
    return () => this.off(name, listener);
  }

  off<Name extends VoiceEventName>(name: Name, listener: VoiceListener<Name>): void {
    this.#emitter.off(name, listener);
    if (name === 'audio' && !this.#emitter.has('audio')) this.#send({ type: 'wantAudio', wanted: false });
  }

  #tellLatency(): void {
    const seconds = this.#sound?.latency;
    if (seconds !== undefined) this.#send({ type: 'latency', seconds });
  }

  #report(error: VoiceError): void {
    if (this.#closing === undefined) this.#emitter.emit('error', error);
  }

  #send(message: ToWorker, transfer: Transferable[] = []): void {
    this.#link?.send(message, transfer);
  }

  /** Keeps what comes before the conversation begins. */
  #sendSoon(message: ToWorker, transfer: Transferable[] = []): void {
    if (this.#closing !== undefined) throw voiceError('session_closed');
    if (this.#begun === undefined) this.#early.push({ message, transfer });
    else this.#send(message, transfer);
  }

  /** Asked anew after each wait. */
  #isClosing(): boolean {
    return this.#closing !== undefined;
  }

  #alive(): void {
    if (this.#isClosing()) throw voiceError('aborted');
  }

  #end(reason: string, error: VoiceError | undefined): Promise<void> {
    this.#saidGoodbye?.();
    if (this.#closing === undefined) {
      this.#endedBy = error;
      this.#closing = this.#release(reason, error);
    }
    return this.#closing;
  }

  async #release(reason: string, error: VoiceError | undefined): Promise<void> {
    for (const cleanUp of this.#cleanUp.splice(0)) cleanUp();
    this.#tools.close();
    // the microphone first: nobody waits for a goodbye to see its light go out
    await this.#sound?.closeMicrophone();
    if (reason === 'hangup' && this.#begun !== undefined) await this.#sayGoodbye();
    this.#ended.abort();
    this.#link?.terminate();
    await this.#sound?.closeLoudspeaker();
    this.#begun?.reject(error ?? voiceError('aborted'));
    this.#progress.close(reason, error);
  }

  /** Lets the worker hang up in order. */
  #sayGoodbye(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GOODBYE_MS);
      this.#saidGoodbye = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#send({ type: 'close' });
    });
  }
}

function clamped(volume: number): number {
  return Math.min(1, Math.max(0, volume));
}
