// From a page's options to what the worker is told.

import type { EngineConfig, HoldRule, Setup } from '../channel.js';
import { VoiceError, asVoiceError, voiceError } from '../errors.js';
import type { LateOptions, VoiceSessionOptions } from '../options.js';
import type { MicrophonePosition } from '../types.js';
import { checkSources, grantSource, socketAddress } from './credentials.js';
import { schemaText } from './schema.js';

/** What the service takes best, Hz: microphones are resampled to it. */
export const INPUT_RATE = 16_000;
/** What it gives, Hz: the playback context runs at it. */
export const OUTPUT_RATE = 24_000;

/** The engine is made before it is connected, and connecting has time limits of its own, ms. */
const OPEN_MS = 120_000;
const CONNECT_MS = 5_000;
const RECONNECT_SECONDS = 60;
const RETURN_SECONDS = 120;
const HOLD: HoldRule = { thresholdDb: -38, attackMs: 120, holdMs: 1_200 };

/** The options with those that come later; rejects with a typed error. */
export async function completed(
  options: VoiceSessionOptions,
  rest: Promise<LateOptions>,
): Promise<VoiceSessionOptions> {
  try {
    return { ...options, ...(await rest) };
  } catch (thrown) {
    if (thrown instanceof VoiceError) throw thrown;
    throw voiceError('credentials_unreachable', `the promise for the options failed: ${asVoiceError(thrown).message}`, thrown);
  }
}

/** Checks what can be checked without asking anybody; throws a typed error. */
export function setupOf(options: VoiceSessionOptions, microphone: MicrophonePosition): Setup {
  const { credentials, relay, transport = 'auto', endpoint } = options;
  checkSources(credentials, relay);
  if (transport === 'direct' && credentials === undefined) throw voiceError('credentials_missing');
  if (transport === 'relay' && relay === undefined) {
    throw voiceError('configuration_invalid', 'transport is relay and option relay is not given');
  }
  return {
    config: configOf(options, microphone),
    transport,
    grant: grantSource(credentials),
    relay: relay !== undefined,
    relayUrl: typeof relay === 'function' ? undefined : relay && socketAddress(relay),
    endpoint,
    connectMs: positive('connectTimeout', options.connectTimeout) ?? CONNECT_MS,
    reconnectMs: 1000 * (options.reconnectSeconds ?? RECONNECT_SECONDS),
    returnMs: 1000 * (options.returnSeconds ?? RETURN_SECONDS),
    hold: holdOf(options.bargeIn),
    playsOnPage: options.playback === false || options.playback === 'reported',
    wasm: undefined,
  };
}

function configOf(options: VoiceSessionOptions, microphone: MicrophonePosition): EngineConfig {
  const { systemPrompt, speechPrompt, voice, model, temperature, topP, maxTokens } = options;
  const { turnDetection, toolChoice, speakFirst, history, tools, idleSeconds, maxSeconds } = options;
  const idleMs = milliseconds('idleSeconds', idleSeconds);
  const wallMs = milliseconds('maxSeconds', maxSeconds);
  return {
    inputRate: INPUT_RATE,
    outputRate: OUTPUT_RATE,
    microphone,
    playback: options.playback === false ? 'assumed' : 'reported',
    ...given({ systemPrompt, speechPrompt, voice, model, temperature, topP, maxTokens }),
    ...given({ turnDetection, toolChoice, speakFirst }),
    ...(history !== undefined && { history: history.map(({ role, text }) => ({ role, text })) }),
    ...(tools !== undefined && {
      tools: Object.entries(tools).map(([name, { description, schema }]) => ({
        name,
        description,
        schema: schemaText(name, schema),
      })),
    }),
    limits: { openMs: OPEN_MS, ...given({ idleMs, wallMs }) },
  };
}

type Given<Options> = { [Name in keyof Options]?: Exclude<Options[Name], undefined> };

/** Without what was left out. */
function given<Options extends object>(options: Options): Given<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<Options>;
}

function milliseconds(name: string, seconds: number | undefined): number | undefined {
  const found = positive(name, seconds);
  return found === undefined ? undefined : Math.round(1000 * found);
}

function positive(name: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return value;
  throw voiceError('configuration_invalid', `option ${name} is not a positive number`);
}

function holdOf(bargeIn: VoiceSessionOptions['bargeIn']): HoldRule | undefined {
  if (bargeIn === undefined || bargeIn === 'service') return undefined;
  if (bargeIn === 'reversible') return HOLD;
  const { thresholdDb, attackMs, holdMs } = bargeIn;
  return { ...HOLD, ...given({ thresholdDb, attackMs, holdMs }) };
}
