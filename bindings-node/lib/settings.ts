// From the options of a session to the settings that the native part reads.

import { voiceError } from './errors.js';
import type { VoiceSessionOptions } from './options.js';
import { schemaText } from './tools/schema.js';

/** The settings as JSON. What is not known is passed on, for the native part to refuse it by name. */
export function settingsOf(options: VoiceSessionOptions): string {
  const { region, model, credentials, profile, endpoint, ca, connections, signal, ...conversation } = options;
  const { tools, idleSeconds, maxSeconds, renewAfterSeconds, connectTimeout, ...settings } = conversation;
  return JSON.stringify({
    ...settings,
    ...(tools !== undefined && {
      tools: Object.entries(tools).map(([name, { description, schema }]) => ({
        name,
        description,
        schema: schemaText(name, schema),
      })),
    }),
    limits: {
      openMs: positive('connectTimeout', connectTimeout),
      idleMs: milliseconds('idleSeconds', idleSeconds),
      renewMs: milliseconds('renewAfterSeconds', renewAfterSeconds),
      wallMs: milliseconds('maxSeconds', maxSeconds),
    },
  });
}

function milliseconds(name: string, seconds: number | undefined): number | undefined {
  const found = positive(name, seconds);
  return found === undefined ? undefined : Math.round(1000 * found);
}

function positive(name: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return value;
  throw voiceError('configuration_invalid', `option ${name} is not a positive number`);
}
