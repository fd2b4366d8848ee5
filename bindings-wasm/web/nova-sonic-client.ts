// A smaller shape for pages that record and play for themselves: credentials in, bytes in and out by callbacks. Such a
// page changes one import, and keeps its own audio code.

import { asVoiceError, voiceError, type VoiceError } from './errors.js';
import type { AwsCredentials, CredentialsSource, VoiceSessionOptions } from './options.js';
import { VoiceSession } from './voice-session.js';

/** Sound of the answer: 16-bit PCM, 24 kHz, mono. */
export type AudioCallback = (pcm: ArrayBuffer) => void;

/** Credentials as an endpoint gives them, where they come from, or a relay. */
export type ClientCredentials = Omit<AwsCredentials, 'region'> & { readonly region?: string };

/** Streams speech to Nova Sonic and back, with the page's own recording and playing. */
export class NovaSonicClient {
  readonly #credentials: CredentialsSource;
  readonly #options: Omit<VoiceSessionOptions, 'credentials' | 'capture' | 'playback'>;
  #session: VoiceSession | undefined;
  #active = false;

  /** `options` are those of a {@link VoiceSession}, for voices, tools or a relay. */
  constructor(
    credentials: ClientCredentials | CredentialsSource,
    region = 'us-east-1',
    options: Omit<VoiceSessionOptions, 'credentials' | 'capture' | 'playback'> = {},
  ) {
    this.#credentials = isCredentials(credentials) ? () => ({ region, ...credentials }) : credentials;
    this.#options = options;
  }

  /**
   * Opens the stream; settles when it is open. Failures go to `onError`, as does what goes wrong later.
   * `onTextChunk` gets what the model says, sentence by sentence.
   */
  async startStream(
    systemPrompt: string,
    onAudioChunk?: AudioCallback | null,
    onTextChunk?: ((text: string) => void) | null,
    onError?: ((error: VoiceError) => void) | null,
    onComplete?: (() => void) | null,
  ): Promise<void> {
    await this.close();
    const session = new VoiceSession({
      ...this.#options,
      systemPrompt,
      credentials: this.#credentials,
      capture: false,
      playback: false,
    });
    this.#session = session;
    session.on('audio', ({ samples }) => onAudioChunk?.(samples.buffer as ArrayBuffer));
    session.on('transcript', ({ role, stage, text }) => {
      if (role === 'assistant' && stage === 'partial') onTextChunk?.(text);
    });
    session.on('error', (error) => onError?.(error));
    session.on('closed', ({ error }) => {
      const wasActive = this.#active;
      if (this.#session === session) this.#active = false;
      if (!wasActive) return;
      if (error !== undefined) onError?.(error);
      onComplete?.();
    });
    try {
      await session.start();
      this.#active = true;
    } catch (thrown) {
      onError?.(asVoiceError(thrown));
    }
  }

  /** Sends the microphone's sound: 16-bit PCM, 16 kHz, mono. Rejects when no stream is open. */
  async sendAudio(pcm: ArrayBuffer | Uint8Array): Promise<void> {
    const bytes = pcm instanceof Uint8Array ? pcm.slice().buffer : pcm.slice(0);
    this.#open().sendAudio(bytes);
  }

  /** Sends something typed. Rejects when no stream is open. */
  async sendText(text: string): Promise<void> {
    this.#open().sendText(text);
  }

  /** Ends the stream. */
  async close(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
    this.#active = false;
  }

  /** Whether a stream is open. */
  isStreamActive(): boolean {
    return this.#active;
  }

  #open(): VoiceSession {
    if (this.#session === undefined || !this.#active) throw voiceError('session_closed', 'no stream is open');
    return this.#session;
  }
}

function isCredentials(given: ClientCredentials | CredentialsSource): given is ClientCredentials {
  return typeof given === 'object' && !(given instanceof URL) && 'accessKeyId' in given;
}

export default NovaSonicClient;
