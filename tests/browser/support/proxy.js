// A network that can be cut: a plain TCP proxy in front of a server on this machine.

import { connect, createServer } from 'node:net';

/** Forwards to `url`'s port until `t` ends. Answers the same address with its own port, and what can happen to it. */
export async function startProxy(t, url) {
    const pairs = new Set();
    const network = {
        /** The port on this machine that new connections lead to. */
        target: Number(new URL(url).port),
        /** Whether new connections are let through. */
        open: true,
        /** Connections so far. */
        count: 0,
        /** Those that were not let through. */
        refused: 0,
        /** Ends what is open without a word. */
        cut() {
            for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
        },
        /** Carries nothing any more of what is open, and tells neither side. */
        freeze() {
            for (const pair of pairs) for (const socket of pair) socket.unpipe().pause();
        },
    };
    const server = createServer((near) => {
        if (!network.open) {
            network.refused += 1;
            near.resetAndDestroy();
            return;
        }
        network.count += 1;
        const far = connect(network.target, 'localhost');
        const pair = [near, far];
        pairs.add(pair);
        const end = () => {
            pairs.delete(pair);
            for (const socket of pair) socket.destroy();
        };
        for (const socket of pair) socket.on('error', end).on('close', end);
        near.pipe(far).pipe(near);
    });
    await new Promise((resolve) => server.listen(0, 'localhost', resolve));
    t.after(() => {
        network.cut();
        server.close();
    });
    const address = new URL(url);
    address.port = String(server.address().port);
    network.url = address.href.replace(/\/$/, '');
    return network;
}
