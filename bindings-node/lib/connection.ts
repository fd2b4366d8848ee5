// How the service is reached: one native connection for all sessions of the same settings.

import { readFileSync } from 'node:fs';

import { voiceError } from './errors.js';
import { NativeConnection } from './native.js';
import type { NativeKeys } from './native.js';
import type { AwsCredentials, AwsCredentialsProvider, VoiceSessionOptions } from './options.js';

/** What of the options says how the service is reached. */
export type Route = Pick<
  VoiceSessionOptions,
  'region' | 'model' | 'credentials' | 'profile' | 'endpoint' | 'ca' | 'connections'
>;

/** Connections are few: one for each way in which a program reaches the service. */
const KNOWN = new Map<string, NativeConnection>();
const MOST_KNOWN = 64;

/** The connection that sessions with these settings share. */
export function connectionFor({ region, model, credentials, profile, endpoint, ca, connections }: Route): NativeConnection {
  const pem = certificates(ca);
  const route = {
    ...(region !== undefined && { region }),
    ...(model !== undefined && { model }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint: addressOf(endpoint) }),
    ...(pem !== undefined && { ca: pem }),
    shared: connections === 'shared',
    givesKeys: credentials !== undefined,
  };
  const name = JSON.stringify(route);
  let connection = KNOWN.get(name);
  if (connection === undefined) {
    connection = new NativeConnection(route);
    // sessions that use the one which is forgotten here keep it
    for (const oldest of KNOWN.keys()) if (KNOWN.size >= MOST_KNOWN) KNOWN.delete(oldest);
    KNOWN.set(name, connection);
  }
  return connection;
}

/** An address as text; `URL` ends a bare host with a slash, which is part of no endpoint. */
export function addressOf(address: string | URL): string {
  return address instanceof URL ? address.href.replace(/\/$/, '') : address;
}

/** Certificate authorities: those given, or those of the file that AWS's tools are told of. */
export function certificates(ca: string | Uint8Array | undefined): string | undefined {
  if (ca !== undefined) return typeof ca === 'string' ? ca : Buffer.from(ca).toString('utf8');
  const path = process.env['AWS_CA_BUNDLE'];
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'it cannot be read';
    throw voiceError('configuration_invalid', `AWS_CA_BUNDLE names a file that cannot be read: ${why}`);
  }
}

/** The credentials of the moment, if the program gives any. */
export async function keysOf(
  credentials: AwsCredentials | AwsCredentialsProvider | undefined,
): Promise<NativeKeys | undefined> {
  if (credentials === undefined) return undefined;
  let given: AwsCredentials;
  try {
    given = typeof credentials === 'function' ? await credentials() : credentials;
  } catch (thrown) {
    // its own words are the cause's
    const name = thrown instanceof Error ? thrown.name : typeof thrown;
    const error = voiceError('credentials_missing', `the function that gives credentials failed with ${name}`);
    error.cause = thrown;
    throw error;
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = given ?? {};
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') {
    throw voiceError('credentials_missing', 'the credentials have no accessKeyId or no secretAccessKey');
  }
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiration !== undefined && { expiration: expiration.getTime() }),
  };
}
