// The errors of a page: the core's codes as they come from the worker, and those that only a browser can have.

/** Who can do something about an error; `user` is the person in front of the page. */
export type ErrorBlame = 'caller' | 'model' | 'service' | 'network' | 'user';

/** What an error consists of. */
export interface VoiceErrorDetails {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly blame: ErrorBlame;
  readonly advice?: string;
}

interface Entry {
  readonly blame: ErrorBlame;
  readonly retryable: boolean;
  readonly message: string;
  readonly advice: string;
}

const entry = (blame: ErrorBlame, retryable: boolean, message: string, advice: string): Entry => ({
  blame,
  retryable,
  message,
  advice,
});

/** What only a browser can run into. Codes that the core has too are worded here for the person at the page. */
const CATALOGUE = {
  microphone_denied: entry(
    'user',
    false,
    'the page may not use the microphone',
    "allow the microphone for this page in the browser's address bar, then start again",
  ),
  microphone_missing: entry('user', false, 'there is no microphone', 'plug in a microphone, then start again'),
  microphone_busy: entry(
    'user',
    true,
    'the microphone does not start',
    'close other programs that use the microphone, or choose another one',
  ),
  microphone_unsuitable: entry(
    'caller',
    false,
    'no microphone fulfils the constraints',
    'loosen audioConstraints, or choose another device',
  ),
  microphone_lost: entry('user', true, 'the microphone is gone', 'plug it in again, or choose another one'),
  microphone_silent: entry(
    'user',
    true,
    'the microphone gives no sound',
    'check that it is not switched off by hardware or by the system, or choose another one',
  ),
  insecure_page: entry(
    'caller',
    false,
    'browsers give a microphone to secure pages only',
    'serve the page by https, or from localhost',
  ),
  browser_unsupported: entry(
    'user',
    false,
    'the browser lacks what a conversation needs',
    'use a current version of Chrome, Edge, Firefox or Safari',
  ),
  policy_blocked: entry(
    'caller',
    false,
    "the page's Permissions-Policy forbids the microphone",
    'send Permissions-Policy: microphone=(self), and allow="microphone" on an iframe',
  ),
  playback_blocked: entry(
    'user',
    true,
    'the browser does not let the page make sound yet',
    'call start() in the handler of a click or a key',
  ),
  output_unavailable: entry(
    'user',
    true,
    'the loudspeaker cannot be used',
    'choose another one; some browsers do not let a page choose at all',
  ),
  worker_failed: entry(
    'caller',
    false,
    "the package's worker could not be loaded",
    "serve the files of the package's dist folder beside its module, or name them with the option assets",
  ),
  worklet_failed: entry(
    'caller',
    false,
    "the package's audio worklet could not be loaded",
    "serve the files of the package's dist folder beside its module, or name them with the option assets",
  ),
  wasm_failed: entry(
    'caller',
    false,
    "the package's WebAssembly could not be loaded",
    "serve engine_bg.wasm beside the worker as application/wasm, and allow 'wasm-unsafe-eval' in the page's script-src",
  ),
  csp_blocked: entry(
    'caller',
    false,
    "the page's Content-Security-Policy blocks the connection",
    'add the host to connect-src: wss://bedrock-runtime.<region>.amazonaws.com',
  ),
  offline: entry('network', true, 'this machine is offline', 'check the network connection'),
  network_blocked: entry(
    'network',
    true,
    'the network does not let a connection to AWS through',
    'check proxies and firewalls, or configure a relay',
  ),
  refused: entry(
    'caller',
    false,
    'AWS refused the connection, and the browser does not show why',
    "look into the role's policy, the region and the model's access; the issuer's own check tells more",
  ),
  credentials_unreachable: entry(
    'network',
    true,
    "the application's credentials endpoint cannot be reached",
    "check its address, and the server's CORS headers if it has another origin",
  ),
  credentials_refused: entry(
    'caller',
    false,
    "the application's credentials endpoint refused",
    "look into the endpoint's answer and the server's log",
  ),
  relay_unreachable: entry(
    'network',
    true,
    'the relay cannot be reached',
    "check its address, and that the server speaks nova-sonic.relay.v1",
  ),
  tool_timeout: entry('caller', true, 'a tool took too long', 'make it faster, or raise its timeout'),
  tool_failed: entry('caller', true, 'a tool failed', "look into the tool's own error"),
  aborted: entry('caller', false, 'the session was closed before it began', 'start a new session'),
  session_started: entry(
    'caller',
    false,
    'the session was started before',
    'make a new VoiceSession for each conversation',
  ),
  // codes of the core that also begin here
  configuration_invalid: entry('caller', false, 'an option is not valid', 'correct the option that the message names'),
  session_closed: entry('caller', false, 'the session is over', 'make a new VoiceSession'),
  credentials_missing: entry('caller', false, 'there are no credentials', 'give the option credentials or relay'),
  credentials_expired: entry(
    'caller',
    true,
    'the credentials have expired',
    'fetch new credentials and open a new session',
  ),
  credentials_invalid: entry(
    'caller',
    false,
    'the key or the signature was refused',
    "check the credentials endpoint, its region, and this machine's clock",
  ),
  grant_invalid: entry(
    'caller',
    false,
    'the credentials endpoint answered something else',
    "check what the application's credentials endpoint answers: it is not what this project or an AWS SDK writes",
  ),
  model_not_found: entry(
    'caller',
    false,
    'the region does not offer this model',
    'use a region and a model that offer Nova Sonic, for example us-east-1 and amazon.nova-2-sonic-v1:0',
  ),
  service_unavailable: entry('service', true, 'AWS is not available', 'try again a little later'),
  clock_skewed: entry(
    'user',
    false,
    "this machine's clock is off by more than AWS accepts",
    "set the clock; a grant with serverTime corrects for it",
  ),
  access_denied: entry(
    'caller',
    false,
    'AWS denied access to the model',
    "allow bedrock:InvokeModel on the model's ARN and enable the model for the account",
  ),
  region_unknown: entry(
    'caller',
    false,
    'the region has no such endpoint',
    'use a region that offers Nova Sonic: us-east-1, us-west-2, ap-northeast-1 or eu-north-1',
  ),
  throttled: entry('service', true, 'too many conversations at once', 'wait and try again'),
  limit_exceeded: entry('caller', true, 'this user has had enough credentials for now', 'wait before asking again'),
  sign_in_required: entry('user', false, 'nobody is signed in', 'sign in, then start again'),
  not_authorized: entry('caller', false, 'this user may not talk', "check the application's own rule"),
  open_timeout: entry('network', true, 'nothing answered in time', 'check the network and the endpoint'),
  connection_failed: entry('network', true, 'the connection could not be opened', 'check the network'),
  connection_lost: entry('network', true, 'the connection broke', 'open a new session with the history of this one'),
  internal: entry('caller', false, 'something unforeseen happened', "report it with the package's version"),
} satisfies Record<string, Entry>;

/** A code that begins in the browser. The worker passes on every code of the core as well. */
export type BrowserErrorCode = keyof typeof CATALOGUE;

/** Stable code of an error: those of the catalogue, and every code of the core. */
export type ErrorCode = BrowserErrorCode | (string & Record<never, never>);

/** Everything that goes wrong with a conversation: a stable code, whose fault it is, and what to do. */
export class VoiceError extends Error implements VoiceErrorDetails {
  override readonly name = 'VoiceError';
  /** Stable; the same in every language of the project. */
  readonly code: ErrorCode;
  /** Whether the same attempt, a little later, may succeed. */
  readonly retryable: boolean;
  /** Who can do something about it. */
  readonly blame: ErrorBlame;
  /** What to do, one sentence. */
  readonly advice: string;

  constructor(details: VoiceErrorDetails, cause?: unknown) {
    super(details.message, cause === undefined ? undefined : { cause });
    this.code = details.code;
    this.retryable = details.retryable;
    this.blame = details.blame;
    this.advice = details.advice ?? adviceFor(details);
  }
}

/** The details of an error of the catalogue. `message` replaces its sentence where more is known. */
export function describe(code: BrowserErrorCode, message?: string, advice?: string): VoiceErrorDetails {
  const found = CATALOGUE[code];
  return {
    code,
    message: message ?? found.message,
    retryable: found.retryable,
    blame: found.blame,
    advice: advice ?? found.advice,
  };
}

/** An error of the catalogue. */
export function voiceError(code: BrowserErrorCode, message?: string, cause?: unknown): VoiceError {
  return new VoiceError(describe(code, message), cause);
}

/** What to do about codes of the core that the catalogue does not have, by whose affair they are. */
const BY_BLAME: Record<ErrorBlame, string> = {
  caller: 'correct what the message names; the list of error codes tells more',
  model: 'start a new conversation, with the history of this one if it was not what was refused',
  service: 'try again a little later',
  network: 'check the network connection, then try again',
  user: 'do what the message asks for, then start again',
};

/** Whether the catalogue has it. */
export function isKnown(code: string): code is BrowserErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}

function adviceFor({ code, blame }: VoiceErrorDetails): string {
  return isKnown(code) ? CATALOGUE[code].advice : BY_BLAME[blame];
}

/** What the page throws or reports for anything that was thrown at it. */
export function asVoiceError(thrown: unknown): VoiceError {
  if (thrown instanceof VoiceError) return thrown;
  if (isDetails(thrown)) return new VoiceError(thrown);
  return voiceError('internal', thrown instanceof Error ? thrown.message : 'something unforeseen happened', thrown);
}

/** Whether it is an error as the engine throws them. */
export function isDetails(thrown: unknown): thrown is VoiceErrorDetails {
  if (typeof thrown !== 'object' || thrown === null) return false;
  const found = thrown as Partial<Record<keyof VoiceErrorDetails, unknown>>;
  return (
    typeof found.code === 'string' && typeof found.message === 'string' && typeof found.retryable === 'boolean'
  );
}
