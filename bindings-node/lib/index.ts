// `@nova-sonic/node`: spoken conversations with Amazon Nova Sonic from a server, and credentials for browsers.

export { Answer } from './answer.js';
export type { AnswerOptions } from './answer.js';
export { CredentialBroker, Grant } from './broker.js';
export type { BrokerLimits, BrokerMetrics, BrokerOptions, IssueRecord, ProbeResult } from './broker.js';
export { credentialsHandler } from './handler/credentials.js';
export type { CredentialsHandler, CredentialsHandlerOptions, Refusal } from './handler/credentials.js';
export { NovaSonicError } from './errors.js';
export type { ErrorBlame, ErrorCode } from './errors.js';
export type * from './options.js';
export { relayHandler } from './relay/handler.js';
export type { Relay } from './relay/handler.js';
export type { RelayHandlerOptions, RelayRecord, RelayRules } from './relay/options.js';
export { openRelayTicket, signRelayTicket } from './relay/ticket.js';
export type { RelayTicket } from './relay/ticket.js';
export { tool } from './tools/tools.js';
export type * from './types.js';
export { VoiceSession } from './voice-session.js';
