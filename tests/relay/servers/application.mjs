// The application of `node.js`: its one argument says where AWS is, what it prints is its port.

import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { relayHandler } from '../../../bindings-node/dist/index.mjs';
import { userOf } from './users.js';

const { simulator, origin, records, stallSeconds } = JSON.parse(process.argv[2]);

const relay = relayHandler({
    region: simulator.region,
    endpoint: simulator.http,
    authorize: (request) => {
        const user = userOf(request);
        return user === 'stranger' ? false : user;
    },
    origins: [origin],
    systemPrompt: 'You tell stories to children.',
    tools: {
        get_weather: {
            description: 'Weather of a city.',
            schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
            execute: () => ({ summary: 'as ada likes it', temperature: 21 }),
        },
    },
    ...(stallSeconds !== undefined && { stallSeconds }),
    onEnded: (record) => appendFileSync(records, `${JSON.stringify(record)}\n`),
});
const server = createServer((_request, response) => response.end('the application'));
relay.attach(server, { path: '/voice' });
server.listen(0, 'localhost', () => console.log(server.address().port));
