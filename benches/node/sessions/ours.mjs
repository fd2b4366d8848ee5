// Conversations held by @nova-sonic/node, as it was built by `cargo xtask build node`.

import { VoiceSession } from '../../../bindings-node/dist/index.mjs';

import { FRAME, KEYS, measure } from './measure.mjs';

await measure(async ({ port, ca }, count) => {
    const session = new VoiceSession({
        region: 'us-east-1',
        endpoint: `https://127.0.0.1:${port}`,
        credentials: KEYS,
        ca,
    });
    session.on('audio', () => (count.received += 1));
    await session.start();
    return () => void session.sendAudio(FRAME);
});
