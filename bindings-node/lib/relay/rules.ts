// From what a server decides to the rules of the native part.

import { voiceError } from '../errors.js';
import type { NativeRelayRules } from '../native.js';
import { schemaText } from '../tools/schema.js';
import type { RelayRules } from './options.js';

/** The rules of the native part. */
export function nativeRules(rules: RelayRules): NativeRelayRules {
  const { systemPrompt, promptPrefix, voice, voices, tools, maxTokens, idleSeconds, maxSeconds } = rules;
  const declared = Object.entries(tools ?? {}).map(([name, { description, schema, execute }]) => ({
    name,
    description,
    schema: schemaText(name, schema),
    onServer: execute !== undefined,
  }));
  const idleMs = milliseconds('idleSeconds', idleSeconds);
  const lifeMs = milliseconds('maxSeconds', maxSeconds);
  return {
    tools: declared,
    locksTools: !(rules.clientTools ?? tools === undefined),
    keepsTranscript: rules.transcript !== false,
    ...(systemPrompt !== undefined && { systemPrompt }),
    ...(promptPrefix !== undefined && { promptPrefix }),
    ...(voice !== undefined && { voice }),
    ...(voices !== undefined && { voices: [...voices] }),
    ...(maxTokens !== undefined && { answerTokens: maxTokens }),
    ...(idleMs !== undefined && { idleMs }),
    ...(lifeMs !== undefined && { lifeMs }),
  };
}

/** A time that was given in seconds, ms. */
export function milliseconds(name: string, seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (Number.isFinite(seconds) && seconds > 0) return 1000 * seconds;
  throw voiceError('configuration_invalid', `option ${name} is not a positive number`);
}
