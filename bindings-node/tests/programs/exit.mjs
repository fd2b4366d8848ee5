// Ends in the middle of everything.

import { VoiceSession } from '@nova-sonic/node';

import { route } from './support.mjs';

const sessions = await Promise.all(
    Array.from({ length: 8 }, async () => {
        const session = new VoiceSession(route);
        session.on('audio', () => {});
        await session.start();
        return session;
    }),
);
for (const session of sessions) void session.sendAudio(new Int16Array(64_000));
void new VoiceSession(route).start();
process.exit(7);
