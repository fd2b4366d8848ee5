// The relay as a process of its own, with Redis behind it, and the application that signs its tickets and runs its tools.

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';

import { firstLine, output, simulated, startProcess, until } from '../support/process.js';
import { cookieOf, userOf } from './users.js';

const PROGRAM = process.env.NOVA_SONIC_RELAY;
const PACKAGE = new URL('../../../bindings-node/dist/index.mjs', import.meta.url);
const KEY = 'a key for tests, which is 32 bytes or longer';
const TOKEN = 'what the application is shown by its relays';
const TOOLS = [
    {
        name: 'get_weather',
        description: 'Weather of a city.',
        inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
];

/** `NOVA_SONIC_RELAY` names the program; tickets are signed by the package for Node. */
export const rust = {
    name: 'a process in Rust',
    skip: PROGRAM && existsSync(PACKAGE) ? false : 'NOVA_SONIC_RELAY names no program, or bindings-node/dist is not built',
    // the application gives a stranger no ticket, and the page's own function fails
    refusals: { nobody: 'sign_in_required', stranger: 'relay_unreachable' },
    keepsTheDeaf: false,
    closesKnockers: true,
    start,
};

async function start(t, { simulator, origin, folder, stallSeconds }) {
    const { signRelayTicket } = await import(PACKAGE);
    const decided = { systemPrompt: 'You tell stories to children.' };
    const ticketFor = (subject, key = KEY, seconds = 60) => signRelayTicket(key, { subject, seconds, ...decided });
    const socket = `${folder}/redis.sock`;
    startProcess(t, 'redis-server', ['--port', '0', '--save', '', '--appendonly', 'no', '--unixsocket', socket, '--dir', folder], {
        stdout: 'ignore',
    });
    const redis = async (...words) => (await output(t, 'redis-cli', ['-s', socket, ...words])).trim();
    await until(() => existsSync(socket), 'Redis is there');
    const application = await startApplication(t, origin, ticketFor);
    const tools = `${folder}/tools.json`;
    await writeFile(tools, JSON.stringify(TOOLS));
    const env = { ...simulated(simulator), NOVA_SONIC_TICKET_KEY: KEY, NOVA_SONIC_TOOLS_TOKEN: TOKEN, RUST_LOG: 'error' };
    const options = ['--listen', '127.0.0.1:0', '--threads', '1', '--region', simulator.region, '--endpoint-url', simulator.https];
    options.push('--ca-certificates', simulator.ca, '--redis-url', `unix://${socket}?db=0`);
    options.push('--tools', tools, '--tools-url', `${application}/tools`);
    if (stallSeconds !== undefined) options.push('--stall-seconds', `${stallSeconds}`);
    const url = (port, ticket) => `ws://127.0.0.1:${port}/relay?ticket=${ticket}`;
    return {
        async process() {
            const started = startProcess(t, PROGRAM, options, { env, stdout: 'pipe' });
            return { ...started, port: Number((await firstLine(started)).split(':').at(-1)) };
        },
        page: (port, who) => ({ tickets: `${application}/tickets?port=${port}`, cookie: who === 'nobody' ? undefined : cookieOf(who) }),
        async raw(port, who) {
            return { url: url(port, ticketFor(who)), headers: {} };
        },
        async lies(port) {
            const [, signature] = ticketFor('eve').split('.');
            const [claims] = ticketFor('ada').split('.');
            return [
                { lie: 'a ticket whose subject was changed', url: url(port, `${claims}.${signature}`) },
                { lie: 'a ticket of another key', url: url(port, ticketFor('ada', `another ${KEY}`)) },
                { lie: 'an old ticket', url: url(port, ticketFor('ada', KEY, -1)) },
                { lie: 'no ticket', url: url(port, '') },
                { lie: 'a name in the URL', url: `ws://127.0.0.1:${port}/relay?subject=ada`, headers: { 'X-User': 'ada' } },
            ];
        },
        /** Those that are over, from Redis. */
        async records() {
            const names = (await redis('KEYS', 'relay.record.*')).split('\n').filter(Boolean);
            const records = await Promise.all(names.map(async (name) => JSON.parse(await redis('GET', name))));
            return records.filter(({ ended }) => ended !== null);
        },
    };
}

/** Signs tickets for its users' pages, and answers tools for its relays. */
async function startApplication(t, origin, ticketFor) {
    const server = createServer((request, response) => {
        const { pathname, searchParams } = new URL(request.url, 'http://localhost');
        const answer = (status, body) => {
            const cors = { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' };
            response.writeHead(status, { 'Content-Type': 'application/json', ...cors }).end(JSON.stringify(body));
        };
        if (pathname === '/tools') {
            if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(401, {});
            return answer(200, { summary: 'as ada likes it', temperature: 21 });
        }
        const user = userOf(request);
        if (user === 'stranger') return answer(403, { message: 'this story is not yours' });
        const ticket = user === undefined ? '' : ticketFor(user);
        return answer(200, { url: `ws://localhost:${searchParams.get('port')}/relay?ticket=${ticket}` });
    });
    await new Promise((resolve) => server.listen(0, 'localhost', resolve));
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return `http://localhost:${server.address().port}`;
}
