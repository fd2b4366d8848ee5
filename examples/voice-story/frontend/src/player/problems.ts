// What went wrong, in words for a parent: the package's codes and the server's answers, and what to do about each.

import type { VoiceError } from '@nova-sonic/web';

/** Something that went wrong, as it is shown. */
export interface Problem {
  /** The code of the package, or `http_…` for an answer of the server. */
  readonly code: string;
  readonly what: string;
  readonly whatToDo: string;
  /** What the button offers: to try again, to sign in, or nothing. */
  readonly offer: 'retry' | 'sign_in' | 'nothing';
}

type Words = Omit<Problem, 'code'>;

const words = (what: string, whatToDo: string, offer: Problem['offer'] = 'retry'): Words => ({ what, whatToDo, offer });

const MICROPHONE_OFF = words(
  'This page may not use the microphone.',
  'Press the microphone or lock symbol beside the address at the top, choose “Allow”, and start again.',
);
const MICROPHONE_BUSY = words(
  'The microphone does not start.',
  'Another programme may be using it, a video call for example. Close that one, and start again.',
);
const NETWORK = words(
  'The storyteller cannot be reached.',
  'Look whether other pages open. If they do, wait a minute and start again.',
);
const OFFLINE = words('This device is offline.', 'Look whether Wi-Fi or mobile data is on, and start again.');
const LOST = words('The connection to the storyteller broke.', 'Start again: the story is as you left it.');
const BUSY = words('Very many children are talking just now.', 'Wait a minute or two, and start again.');
const SIGN_IN = words('You are signed out.', 'Sign in again. The story is still there.', 'sign_in');
const OURS = words('Something is wrong at our end.', 'It is not your fault. Please try later; if it stays, tell us the code below.');
const BROWSER = words(
  'This browser cannot hold a conversation.',
  'Open the page in a current version of Chrome, Edge, Firefox or Safari.',
  'nothing',
);
const OLD_PAGE = words('The page could not be loaded completely.', 'Load the page again. If that does not help, tell us the code below.');

/** Codes of the package. What is not here is explained by whose affair it is. */
const BY_CODE: Readonly<Record<string, Words>> = {
  microphone_denied: MICROPHONE_OFF,
  policy_blocked: OURS,
  microphone_missing: words('There is no microphone.', 'Plug one in, or use a device that has one, and start again.'),
  microphone_busy: MICROPHONE_BUSY,
  microphone_unsuitable: MICROPHONE_BUSY,
  microphone_lost: words('The microphone is gone.', 'Plug it in again, and start again.'),
  microphone_silent: words(
    'The microphone hears nothing.',
    'Look for a switch on the microphone or the headset, or for a key with a crossed-out microphone.',
  ),
  playback_blocked: words('The browser keeps the sound off.', 'Tap anywhere on this page to hear the storyteller.', 'nothing'),
  output_unavailable: words('The loudspeaker cannot be used.', 'Choose another loudspeaker on your device, and start again.'),
  insecure_page: words('This page was opened without a secure connection.', 'Open it by an address that begins with https.', 'nothing'),
  browser_unsupported: BROWSER,
  worker_failed: OLD_PAGE,
  worklet_failed: OLD_PAGE,
  wasm_failed: OLD_PAGE,
  offline: OFFLINE,
  network_blocked: words(
    'This network does not let the conversation through.',
    'Try another network, your phone’s for example. School and office networks often block it.',
  ),
  credentials_unreachable: NETWORK,
  relay_unreachable: NETWORK,
  connection_failed: NETWORK,
  open_timeout: NETWORK,
  connection_lost: LOST,
  credentials_expired: LOST,
  model_timeout: LOST,
  sign_in_required: SIGN_IN,
  not_authorized: words('This story belongs to somebody else.', 'Choose one of your own stories.', 'nothing'),
  limit_exceeded: words('There have been many conversations in a short time.', 'Take a little break, and start again in a few minutes.'),
  relay_limit_exceeded: BUSY,
  throttled: BUSY,
  quota_exceeded: BUSY,
  service_unavailable: words('The storyteller is not there just now.', 'Wait a little, and start again.'),
  clock_skewed: words(
    'The clock of this device is wrong.',
    'Set date and time to “automatic” in the device’s settings, and start again.',
  ),
  server_silent: LOST,
  text_too_long: words('That was too long.', 'Write it in two or three shorter parts.', 'nothing'),
  content_filtered: words('The storyteller would not talk about that.', 'Start again, and ask something else.'),
};

const BY_BLAME: Readonly<Record<VoiceError['blame'], Words>> = {
  user: words('The conversation did not start.', 'Start again. If it stays like that, tell us the code below.'),
  caller: OURS,
  model: LOST,
  service: words('The storyteller is not there just now.', 'Wait a little, and start again.'),
  network: NETWORK,
};

/** What a parent is told of an error of the package. */
export function explain({ code, blame }: VoiceError): Problem {
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  return { code, ...(known ?? BY_BLAME[blame]) };
}

/** What a parent is told of an answer of the server; 0 is none. */
export function explainStatus(status: number): Problem {
  return { code: `http_${status}`, ...wordsOf(status) };
}

function wordsOf(status: number): Words {
  if (status === 0) return navigator.onLine ? NETWORK : OFFLINE;
  if (status === 401) return SIGN_IN;
  if (status === 403) return words('This page has been open for too long.', 'Load the page again, and start anew.', 'nothing');
  if (status === 404) return words('This story is not on your shelf.', 'Go back to all stories, and choose one.', 'nothing');
  return status === 429 ? BUSY : OURS;
}
