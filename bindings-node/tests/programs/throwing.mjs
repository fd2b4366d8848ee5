// A listener of ours throws: that is Node's affair, and no other event is lost over it.

import { once } from 'node:events';

import { VoiceSession } from '@nova-sonic/node';

import { route } from './support.mjs';

process.on('uncaughtException', (error) => console.log(error.message));
const session = new VoiceSession({ ...route, maxSeconds: 0.5 });
session.on('stateChanged', () => {
    throw new Error('the listener’s own');
});
const closed = once(session, 'closed');
await session.start();
console.log((await closed)[0].reason);
