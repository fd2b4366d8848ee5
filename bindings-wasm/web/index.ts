// `@nova-sonic/web`: spoken conversations with Amazon Nova Sonic from a page.

export { VoiceError } from './errors.js';
export { NovaSonicClient } from './nova-sonic-client.js';
export type { AudioCallback, ClientCredentials } from './nova-sonic-client.js';
export { preload } from './page/assets.js';
export { listDevices } from './page/devices.js';
export { tool } from './page/tools.js';
export type * from './types.js';
export { VoiceSession } from './voice-session.js';
