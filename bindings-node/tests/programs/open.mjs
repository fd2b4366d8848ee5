// Has a conversation that goes on, and nothing else to do.

import { VoiceSession } from '@nova-sonic/node';

import { route } from './support.mjs';

await (async () => {
    const session = new VoiceSession({ ...route, maxSeconds: 1.5 });
    session.on('closed', ({ reason }) => console.log(reason));
    await session.start();
})();
globalThis.gc?.();
