// Finds and loads the native part: beside this file, where it was built, or in the package of this platform.

import { join } from 'node:path';

import { triple } from './platform.js';

import type * as Part from './native-part.js';

const FILE = `nova-sonic.${triple()}.node`;

function load(): typeof Part {
  const places = [join(__dirname, FILE), `@nova-sonic/node-${triple()}`];
  const problems: string[] = [];
  for (const place of places) {
    try {
      return require(place) as typeof Part;
    } catch (thrown) {
      const { code, message } = thrown as NodeJS.ErrnoException;
      problems.push(code === 'MODULE_NOT_FOUND' ? `${place} is not there` : message);
    }
  }
  throw new Error(
    `@nova-sonic/node has no native part for ${triple()} (${problems.join('; ')}). ` +
      'If npm left optional dependencies out, install again without --no-optional and without a lock file of another platform.',
  );
}

const part = load();

export const { NativeBroker, NativeConnection, NativeGathering, NativeSession } = part;
export const { checkRelayRedis, describe, errorCodes, openTicket, signTicket, wavOf } = part;
export type NativeBroker = Part.NativeBroker;
export type NativeConnection = Part.NativeConnection;
export type NativeFault = Part.NativeFault;
export type NativeGathering = Part.NativeGathering;
export type NativeGrant = Part.NativeGrant;
export type NativeKeys = Part.NativeKeys;
export type NativeRelay = Part.NativeRelay;
export type NativeRelayConnection = Part.NativeRelayConnection;
export type NativeRelayRules = Part.NativeRelayRules;
export type NativeRelayStep = Part.NativeRelayStep;
export type NativeSession = Part.NativeSession;
export type NativeTaken = Part.NativeTaken;
