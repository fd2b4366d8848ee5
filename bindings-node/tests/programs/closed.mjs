// Talks, closes, and has nothing more to do.

import { CredentialBroker, VoiceSession } from '@nova-sonic/node';

import { route, simulator } from './support.mjs';

const broker = new CredentialBroker({ ...route, roleArn: simulator.role_arn, sessionNameKey: 'kept secret, everywhere' });
await broker.issue('ada');
const session = new VoiceSession(route);
session.on('audio', () => {});
await session.start();
await session.sendAudio(new Int16Array(16_000));
await session.close();
console.log(session.state);
