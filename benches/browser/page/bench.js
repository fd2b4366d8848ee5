// What the bench tells the page to do.

import { converse as floor } from './floor.js';
import { converse as ours, endure } from './ours.js';
import { converse as sdk } from './sdk.js';

let busy;

globalThis.bench = {
    subjects: { floor, ours, sdk },
    endure,

    /** A context with an ear between its player and its loudspeaker. */
    async listen() {
        const worker = new Worker(new URL('ear.js', import.meta.url));
        await new Promise((resolve) => (worker.onmessage = resolve));
        const context = new AudioContext({ latencyHint: 'interactive', sampleRate: 24_000 });
        await context.audioWorklet.addModule('tap.js');
        const { port1, port2 } = new MessageChannel();
        worker.postMessage({ port: port1 }, [port1]);
        // from here on nothing of it passes through the page's thread
        const tap = new AudioWorkletNode(context, 'tap', { outputChannelCount: [1] });
        tap.port.postMessage({ port: port2 }, [port2]);
        tap.connect(context.destination);
        return { context, destination: tap };
    },

    /** Computes for `ms` in every `every` ms, as pages do that render or parse. */
    block({ ms, every }) {
        busy = setInterval(() => {
            const until = performance.now() + ms;
            while (performance.now() < until);
        }, every);
    },

    unblock() {
        clearInterval(busy);
    },
};
