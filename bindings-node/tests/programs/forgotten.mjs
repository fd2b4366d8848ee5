// A conversation that may end with the process.

import { VoiceSession } from '@nova-sonic/node';

import { route } from './support.mjs';

const session = new VoiceSession(route);
session.on('closed', () => console.log('closed'));
await session.start();
session.unref();
console.log('unreferenced');
