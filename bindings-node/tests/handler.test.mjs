// The credentials' endpoint, under each framework, and asked by pages that may and pages that may not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { CredentialBroker, credentialsHandler } from '@nova-sonic/node';
import express from 'express';
import fastify from 'fastify';

import { LIMIT, routeTo, startSimulator } from './support/stage.mjs';

const PATH = '/api/aws-credentials';
const OTHER = 'https://app.example.com';
/** What a browser says of a script of our own page. */
const OURS = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'empty' };

async function brokerOf(t, options = {}) {
    const simulator = await startSimulator(t);
    const roleArn = simulator.role_arn;
    return new CredentialBroker({ ...routeTo(simulator), roleArn, sessionNameKey: 'kept secret, everywhere', ...options });
}

/** A user by a header, as an application knows one by a cookie. */
const USERS = { ada: 'ada', banned: false };
const byHeader = (header) => (header === undefined || header === null ? undefined : USERS[header]);

/** The same endpoint under each framework: its address. */
const FRAMEWORKS = {
    http: async (t, options) => {
        const handler = credentialsHandler({ ...options, authorize: (request) => byHeader(request.headers['x-user']) });
        return await listening(t, createServer(handler));
    },
    express: async (t, options) => {
        const app = express();
        app.use((request, _response, next) => {
            request.user = byHeader(request.get('x-user'));
            next();
        });
        app.all(PATH, credentialsHandler({ ...options, authorize: (request) => request.user }));
        return await listening(t, createServer(app));
    },
    fastify: async (t, options) => {
        const app = fastify();
        app.all(PATH, credentialsHandler({ ...options, authorize: (request) => byHeader(request.headers['x-user']) }));
        t.after(() => app.close());
        return await app.listen({ port: 0, host: '127.0.0.1' });
    },
    'route handlers': async (t, options) => {
        const handler = credentialsHandler({ ...options, authorize: (request) => byHeader(request.headers.get('x-user')) });
        // what Next does between Node's request and that of fetch
        const server = createServer(async (message, response) => {
            const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
            const url = `http://${message.headers.host}${message.url}`;
            const answer = await handler(new Request(url, { method: message.method, headers }), { params: {} });
            response.writeHead(answer.status, Object.fromEntries(answer.headers));
            response.end(Buffer.from(await answer.arrayBuffer()));
        });
        return await listening(t, server);
    },
};

async function listening(t, server) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    return `http://127.0.0.1:${server.address().port}`;
}

/** Asks, and answers the status, the headers and the JSON. */
async function ask(address, headers = {}, method = 'GET', body = undefined) {
    const answer = await fetch(address + PATH, { method, headers, body });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, json: text === '' ? undefined : JSON.parse(text) };
}

for (const [name, serve] of Object.entries(FRAMEWORKS)) {
    test(`${name}: a signed-in user's page gets a grant, nobody else does`, LIMIT, async (t) => {
        const issued = [];
        const refused = [];
        const address = await serve(t, {
            broker: await brokerOf(t),
            origins: [OTHER],
            onIssued: (record, subject) => issued.push([record.accessKeyId, subject]),
            onRefused: ({ status, code }) => refused.push([status, code]),
        });
        const granted = await ask(address, { ...OURS, 'X-User': 'ada' });
        assert.equal(granted.status, 200);
        assert.equal(granted.json.mode, 'signing-key');
        assert.equal(granted.headers.get('cache-control'), 'no-store');
        assert.equal(granted.headers.get('x-content-type-options'), 'nosniff');
        assert.equal(granted.headers.get('access-control-allow-origin'), null);
        assert.deepEqual(issued, [[granted.json.accessKeyId, 'ada']]);

        const posted = await ask(address, { ...OURS, 'X-User': 'ada', 'Content-Type': 'application/json' }, 'POST', '{}');
        assert.equal(posted.status, 200);
        const foreign = await ask(address, { Origin: OTHER, 'Sec-Fetch-Site': 'cross-site', 'X-User': 'ada' });
        assert.equal(foreign.status, 200);
        assert.equal(foreign.headers.get('access-control-allow-origin'), OTHER);
        assert.equal(foreign.headers.get('vary'), 'Origin');

        for (const [headers, method, status, code] of [
            [OURS, 'GET', 401, 'sign_in_required'],
            [{ ...OURS, 'X-User': 'banned' }, 'GET', 403, 'not_authorized'],
            [{ 'X-User': 'ada', Origin: 'https://evil.example' }, 'GET', 403, 'origin_refused'],
            [{ 'X-User': 'ada', Origin: 'null', ...OURS }, 'GET', 403, 'origin_refused'],
            [{ 'X-User': 'ada', 'Sec-Fetch-Site': 'cross-site' }, 'GET', 403, 'origin_refused'],
            [{ 'X-User': 'ada', ...OURS, 'Sec-Fetch-Dest': 'document' }, 'GET', 403, 'origin_refused'],
            [{ 'X-User': 'ada' }, 'GET', 403, 'origin_refused'],
            [{ 'X-User': 'ada', ...OURS }, 'POST', 415, 'content_refused'],
            [{ 'X-User': 'ada', ...OURS }, 'DELETE', 405, 'method_refused'],
        ]) {
            // fetch of Node says of itself what a browser would say of a script on no page
            const answer = await askRaw(address, headers, method);
            assert.deepEqual([answer.status, answer.json?.error?.code], [status, code], JSON.stringify(headers));
            assert.equal(answer.headers['cache-control'], 'no-store');
        }
        assert.equal(refused.length, 9);
    });
}

/** Asks with these headers and no others. */
async function askRaw(address, headers, method) {
    const { request } = await import('node:http');
    const asked = request(address + PATH, { method, headers });
    asked.end();
    const [answer] = await once(asked, 'response');
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    return { status: answer.statusCode, headers: answer.headers, json: text === '' ? undefined : JSON.parse(text) };
}

test('an allowed page of another origin is told what it may send', LIMIT, async (t) => {
    const address = await FRAMEWORKS.http(t, { broker: await brokerOf(t), origins: [OTHER] });
    const preflight = await ask(address, { Origin: OTHER }, 'OPTIONS');
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), OTHER);
    assert.equal(preflight.headers.get('access-control-allow-credentials'), 'true');
    assert.match(preflight.headers.get('access-control-allow-headers'), /content-type/);
    assert.equal((await ask(address, { Origin: 'https://evil.example' }, 'OPTIONS')).status, 403);
});

test('limits and failures of AWS are told in our own words', LIMIT, async (t) => {
    const details = [];
    const onRefused = ({ detail }) => details.push(detail);
    const few = await FRAMEWORKS.http(t, { broker: await brokerOf(t, { limits: { perMinute: 1 } }), onRefused });
    const headers = { ...OURS, 'X-User': 'ada' };
    assert.equal((await ask(few, headers)).status, 200);
    const limited = await ask(few, headers);
    assert.deepEqual([limited.status, limited.json.error.code], [429, 'limit_exceeded']);
    assert.ok(Number(limited.headers.get('retry-after')) >= 1);

    const gone = await FRAMEWORKS.http(t, { broker: await brokerOf(t, { endpoint: 'http://127.0.0.1:9' }), onRefused });
    const failed = await ask(gone, headers);
    assert.deepEqual([failed.status, failed.json.error.code], [503, 'connection_failed']);

    const roleArn = 'arn:aws:iam::123456789012:role/no-such-role';
    const denied = await FRAMEWORKS.http(t, { broker: await brokerOf(t, { roleArn }), onRefused });
    const refused = await ask(denied, headers);
    assert.deepEqual([refused.status, refused.json.error.code], [502, 'role_not_assumable']);
    assert.ok(!JSON.stringify(refused.json).includes('no-such-role'));
    assert.equal(details.filter((detail) => detail.length > 10).length, 3, 'the operator is told more');
});

test('a rule that throws refuses, and says nothing to the page', LIMIT, async (t) => {
    const thrown = new Error('the database said: password wrong');
    let told;
    const handler = credentialsHandler({
        broker: await brokerOf(t),
        authorize: () => Promise.reject(thrown),
        onRefused: (_refusal, error) => (told = error),
    });
    const answer = await handler(new Request(`http://localhost${PATH}`, { headers: OURS }));
    assert.equal(answer.status, 500);
    assert.ok(!(await answer.text()).includes('password'));
    assert.equal(told, thrown);
});

test('a log that cannot be written ends no server, and without an audit trail nothing is handed out', LIMIT, async (t) => {
    const broker = await brokerOf(t);
    const warned = once(process, 'warning');
    const deaf = credentialsHandler({
        broker,
        authorize: () => undefined,
        onRefused: () => {
            throw new Error('the disk is full');
        },
    });
    const asked = () => new Request(`http://localhost${PATH}`, { headers: OURS });
    assert.equal((await deaf(asked())).status, 401);
    assert.equal((await warned)[0].message, 'the disk is full');
    const unaudited = credentialsHandler({
        broker,
        authorize: () => 'ada',
        onIssued: () => {
            throw new Error('the disk is full');
        },
    });
    assert.equal((await unaudited(asked())).status, 500);
});

test('an endpoint without a rule, or with origins that stand for nobody, is not made', () => {
    assert.throws(() => credentialsHandler({ broker: {} }), { code: 'configuration_invalid' });
    for (const origin of ['*', 'null', 'https://app.example.com/', 'app.example.com', 'ftp://app.example.com']) {
        assert.throws(() => credentialsHandler({ broker: {}, authorize: () => 'ada', origins: [origin] }), {
            code: 'configuration_invalid',
        });
    }
});
