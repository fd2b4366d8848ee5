// Credentials that can do nothing but open a Nova Sonic stream.

import { inspect } from 'node:util';

import { addressOf, certificates, keysOf } from './connection.js';
import { outcome } from './errors.js';
import { NativeBroker } from './native.js';
import type { NativeGrant } from './native.js';
import type { AwsCredentials, AwsCredentialsProvider } from './options.js';

/** How often one subject is issued credentials. */
export interface BrokerLimits {
  /** Issues in any 60 seconds. Default: 6. */
  readonly perMinute?: number;
  /** Issues in a day, which begins with the first one. Default: 200. */
  readonly perDay?: number;
  /**
   * The Redis, version 4 or later, where all processes that name it count together: `redis://host:port/database` or
   * `unix:///path?db=database`, not over TLS. They share the breaker, too, which spares STS when it fails. Where Redis does
   * not answer within two seconds, nothing is issued: `limits_unavailable`. Default: each process counts its own.
   */
  readonly redisUrl?: string;
  /** What the names of its keys begin with. Default: `nova-sonic`. */
  readonly redisPrefix?: string;
}

/** Options of a {@link CredentialBroker}. */
export interface BrokerOptions {
  /** The region that credentials are good for. */
  readonly region: string;
  /** The models that they open; a grant names the first. Default: `amazon.nova-2-sonic-v1:0`. */
  readonly models?: readonly string[];
  /** The role that is assumed. It may do nothing but open a Nova Sonic stream, and trusts this server. */
  readonly roleArn?: string;
  /** `true` asks for a federation token instead, for servers that own nothing but an IAM user's keys. */
  readonly federationToken?: boolean;
  /**
   * At least 16 bytes, kept secret, the same on every server and for ever: subjects are hashed with it into the names by
   * which CloudTrail knows their sessions.
   */
  readonly sessionNameKey: string;
  /** `plain` hands out the secret key itself, for pages that use an AWS SDK. Default: `signing-keys`. */
  readonly mode?: 'signing-keys' | 'plain';
  /** The external id that the role's trust policy asks for. */
  readonly externalId?: string;
  /** Whether the source identity is set, too. */
  readonly sourceIdentity?: boolean;
  /** Session tags. */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * How often one subject is served; one call of a subject at a time, in any case. `null` is for applications that limit
   * by themselves. Default: 6 a minute, 200 a day, counted by this process alone.
   */
  readonly limits?: BrokerLimits | null;
  /** Networks that streams can be opened from. The address that your server sees may differ from the one that AWS sees. */
  readonly sourceNetworks?: readonly string[];
  /** Time in which a stream can be opened, where that is to be shorter than the credentials' life, ms. */
  readonly openWindowMs?: number;

  /** The server's own credentials. Default: environment, profile, attached role. */
  readonly credentials?: AwsCredentials | AwsCredentialsProvider;
  /** The profile of the shared configuration files. Default: `AWS_PROFILE`, or `default`. */
  readonly profile?: string;
  /** Another endpoint of STS than the region's. Default: `AWS_ENDPOINT_URL_STS` and its kin. */
  readonly endpoint?: string | URL;
  /** Certificate authorities in PEM, trusted instead of the system's. Default: those of the file `AWS_CA_BUNDLE`. */
  readonly ca?: string | Uint8Array;
  /** Bound of an issue with all its attempts, ms. Default: 5,000. */
  readonly timeout?: number;
}

/** What a broker has done so far, in this process. Nothing in it names a subject. */
export interface BrokerMetrics {
  readonly issued: number;
  readonly refusedByLimit: number;
  readonly refusedByTable: number;
  readonly refusedByBreaker: number;
  readonly failed: number;
  readonly withoutCredentials: number;
  readonly abandoned: number;
  readonly stsCalls: number;
  readonly retries: number;
  readonly breakerOpened: number;
  readonly inFlight: number;
  readonly subjects: number;
  readonly issueMs: number;
  readonly slowestMs: number;
  /** Always `closed` where it is shared through Redis: then only Redis knows. */
  readonly breaker: 'closed' | 'open' | 'half-open';
}

/** What was expected of one check of a probe, and what was seen. */
export interface ProbeResult {
  readonly check: string;
  readonly expected: string;
  readonly seen: string;
  readonly passed: boolean;
  readonly advice?: string;
}

/** One issue, for the audit trail. Nothing in it opens anything. */
export interface IssueRecord {
  /** Names this issue and cannot be guessed. */
  readonly id: string;
  /** Keyed hash of the subject, `ns-…`: the name of the role's session, by which CloudTrail knows it. */
  readonly subjectHash: string;
  /** Public half of the issued key. */
  readonly accessKeyId: string;
  readonly expiration: Date;
  /** How much of the room for policy and tags is used, percent, where AWS says it. */
  readonly packedPolicySize: number | undefined;
  /** How far AWS's clock is ahead of this machine's, s. */
  readonly clockOffsetSeconds: number;
  /** AWS's id of the request that succeeded. */
  readonly requestId: string | undefined;
  readonly attempts: number;
  readonly durationMs: number;
}

/**
 * Issues credentials that can do nothing but open a Nova Sonic stream. Make one, keep it.
 *
 * ```ts
 * const broker = new CredentialBroker({
 *   region: 'us-east-1',
 *   roleArn: 'arn:aws:iam::123456789012:role/nova-sonic-voice',
 *   sessionNameKey: process.env.SESSION_NAME_KEY,
 * });
 * const grant = await broker.issue('user-4711');
 * response.end(grant.toJson()); // to that user's browser, with Cache-Control: no-store
 * ```
 */
export class CredentialBroker {
  readonly #native: NativeBroker;
  readonly #credentials: AwsCredentials | AwsCredentialsProvider | undefined;

  /** Checks the options and reads the shared configuration; nothing is sent. */
  constructor(options: BrokerOptions) {
    const { region, models, roleArn, externalId, sourceNetworks, openWindowMs, profile, timeout } = options;
    const ca = certificates(options.ca);
    this.#credentials = options.credentials;
    const settings = {
      region: String(region ?? ''),
      sessionNameKey: String(options.sessionNameKey ?? ''),
      federationToken: options.federationToken === true,
      plain: options.mode === 'plain',
      sourceIdentity: options.sourceIdentity === true,
      tags: { ...options.tags },
      givesKeys: options.credentials !== undefined,
      ...(options.limits !== null && { limits: { ...options.limits } }),
      ...(models !== undefined && { models: [...models] }),
      ...(sourceNetworks !== undefined && { sourceNetworks: [...sourceNetworks] }),
      ...(openWindowMs !== undefined && { openWindowMs }),
      ...(roleArn !== undefined && { roleArn }),
      ...(externalId !== undefined && { externalId }),
      ...(options.endpoint !== undefined && { endpoint: addressOf(options.endpoint) }),
      ...(ca !== undefined && { ca }),
      ...(profile !== undefined && { profile }),
      ...(timeout !== undefined && { timeoutMs: timeout }),
    };
    this.#native = outcome(NativeBroker.prepare(settings));
  }

  /**
   * Issues credentials for a subject, your own name of a signed-in user. Rejects with a {@link NovaSonicError}; with
   * `limit_exceeded` and `credentials_unavailable` STS was not asked.
   */
  async issue(subject: string): Promise<Grant> {
    return new Grant(outcome(await this.#native.issue(subject, await keysOf(this.#credentials))));
  }

  /**
   * Tries what it issues: a stream must open, and what a thief would try must be refused. For operators; it takes seconds
   * and costs one short stream. `endpoint` is that of Bedrock Runtime, where it is not the region's own.
   */
  async probe({ endpoint }: { readonly endpoint?: string | URL } = {}): Promise<ProbeResult[]> {
    const address = endpoint === undefined ? undefined : addressOf(endpoint);
    return await this.#native.probe(address, await keysOf(this.#credentials));
  }

  /** What it has done so far, in this process. */
  metrics(): BrokerMetrics {
    return this.#native.metrics();
  }

  /** The name by which CloudTrail knows the sessions of a subject, and by which a policy can deny them. */
  subjectHash(subject: string): string {
    return outcome(this.#native.subjectHash(subject));
  }
}

/**
 * What a browser is given: enough to open one model's streams for a few minutes. {@link toJson} is the only way out of
 * it: printed, logged or taken apart it shows nothing secret.
 */
export class Grant {
  readonly #native: NativeGrant;
  /** `signing-keys`, or `plain` credentials as an AWS SDK takes them. */
  readonly mode: 'signing-keys' | 'plain';
  /** The region that it is good for. */
  readonly region: string;
  /** The model that a stream is opened with. */
  readonly model: string;
  /** Public half of the issued key. */
  readonly accessKeyId: string;
  /** This server's clock when it was issued. */
  readonly serverTime: Date;
  /** Until when a stream opened with it lives its full eight minutes. */
  readonly openBefore: Date;
  /** When AWS stops to accept it. */
  readonly expiration: Date;
  /** What the audit trail keeps of it. */
  readonly record: IssueRecord;

  /** @internal */
  constructor(native: NativeGrant) {
    this.#native = native;
    this.mode = native.mode === 'plain' ? 'plain' : 'signing-keys';
    this.region = native.region;
    this.model = native.model;
    this.accessKeyId = native.accessKeyId;
    this.serverTime = new Date(native.serverTime);
    this.openBefore = new Date(native.openBefore);
    this.expiration = new Date(native.expiration);
    const { record } = native;
    const { packedPolicySize, requestId } = record;
    this.record = { ...record, expiration: new Date(record.expiration), packedPolicySize, requestId };
  }

  /** The grant as the browser takes it, as JSON: the one place where its secrets are written. */
  toJson(): Buffer {
    return this.#native.json();
  }

  [inspect.custom](): string {
    const { mode, region, model, accessKeyId } = this;
    return `Grant { mode: '${mode}', region: '${region}', model: '${model}', accessKeyId: '${accessKeyId}' }`;
  }
}
