// Conversations in threads that are ended while they go on.

import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

import { VoiceSession } from '@nova-sonic/node';

if (isMainThread) {
    const task = JSON.parse(process.argv[2]);
    for (let round = 0; round < 4; round += 1) {
        const worker = new Worker(fileURLToPath(import.meta.url), { workerData: task });
        const [word] = await once(worker, 'message');
        console.log(word);
        await worker.terminate();
    }
} else {
    const { simulator, credentials } = workerData;
    const session = new VoiceSession({ region: simulator.region, endpoint: simulator.http, credentials });
    session.on('stateChanged', () => {});
    await session.start();
    void session.sendAudio(new Int16Array(64_000));
    parentPort.postMessage('talking');
}
