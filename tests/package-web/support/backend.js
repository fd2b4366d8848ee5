// What a page talks to: the simulator for AWS, and an application's server that issues credentials.

import { createServer } from 'node:http';

import { issueGrant } from '../../interop/node/support/grants.js';
import { startSimulator } from '../../interop/node/support/simulator.js';

/** What the simulator hears and says. */
export const STORY = {
    name: 'story',
    turns: [{ user: 'Will you tell me a story?', say: [{ text: 'Once upon a time.' }, { text: 'The end.' }] }],
};

/**
 * Starts both until `t` ends. Answers the options with which a page reaches them.
 *
 * Credentials come from another origin than the page, with CORS, so that one server will do for every bundler's.
 */
export async function startBackend(t) {
    const simulator = await startSimulator(t, { scenario: STORY });
    const server = createServer(async (request, response) => {
        const cors = {
            'Access-Control-Allow-Origin': request.headers.origin ?? '*',
            'Access-Control-Allow-Headers': 'content-type',
            'Cache-Control': 'no-store',
        };
        if (request.method === 'OPTIONS') {
            response.writeHead(204, cors).end();
            return;
        }
        const { grant } = await issueGrant(simulator, { plain: false });
        response.writeHead(200, { 'Content-Type': 'application/json', ...cors }).end(JSON.stringify(grant));
    });
    await new Promise((resolve) => server.listen(0, 'localhost', resolve));
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    const origin = `http://localhost:${server.address().port}`;
    const endpoint = simulator.https.replace(/^https/, 'wss');
    return {
        origins: [origin, endpoint],
        options: { credentials: { url: `${origin}/grant`, credentials: 'omit' }, endpoint },
    };
}
