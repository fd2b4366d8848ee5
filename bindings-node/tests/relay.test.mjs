// Pages that talk through this server.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { relayHandler } from '@nova-sonic/node';
import { WebSocketServer } from 'ws';

import { Page } from './support/page.mjs';
import { LIMIT, STORY, WEATHER, question, routeTo, startSimulator, until } from './support/stage.mjs';

const PATH = '/voice/relay';
const USERS = { ada: 'ada', grace: 'grace', banned: false };

/** A server with a relay on one path: its URL, the relay, and the records of what is over. */
async function serving(t, simulator, options = {}) {
    const records = [];
    const errors = [];
    const relay = relayHandler({
        ...routeTo(simulator),
        authorize: (request) => USERS[request.headers['x-user']],
        onEnded: (record) => records.push(record),
        onError: (error) => errors.push(error),
        ...options,
    });
    const server = createServer((_request, response) => response.end('the application'));
    relay.attach(server, { path: PATH });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address();
    return { server, url: `ws://127.0.0.1:${port}${PATH}`, origin: `http://127.0.0.1:${port}`, relay, records, errors };
}

test('a page talks through the server, and the server keeps the record', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: STORY });
    const { url, records, relay, errors } = await serving(t, simulator);
    const page = new Page(t, url);
    await page.open();
    page.say(await question());
    await page.until(() => page.words('ASSISTANT').includes('The end.'), 'an answer');
    assert.deepEqual(page.controls[0].ready, { version: 1, model: 'amazon.nova-2-sonic-v1:0', locks: [] });
    assert.equal(page.words('USER'), 'Will you tell me a story?');
    assert.ok(page.bytes > 24_000, `half a second of sound at least: ${page.bytes} bytes`);
    assert.equal(await relay.running(), 1);
    page.end();
    assert.deepEqual(await page.closed, { code: 1000, reason: 'ended' });
    await relay.close();
    const [record] = records;
    assert.deepEqual([record.subject, record.reason, record.closeCode], ['ada', 'ended', 1000]);
    assert.ok(record.started instanceof Date && record.ended >= record.started && record.usage.inputSpeech > 0);
    const words = record.transcript.map(({ text }) => text).join('');
    assert.match(words, /Will you tell me a story\?Once upon a time\. The end\./);
    assert.deepEqual(errors, []);
});

test('a tool of the server runs there, and the page sees neither call nor result', LIMIT, async (t) => {
    const asked = [];
    const { url, records } = await serving(t, await startSimulator(t, { scenario: WEATHER }), {
        systemPrompt: 'You tell the weather.',
        tools: {
            get_weather: {
                description: 'Weather of a city',
                schema: { type: 'object', properties: { city: { type: 'string' } } },
                execute: (input) => {
                    asked.push(input);
                    return { summary: 'snowing', temperature: -3 };
                },
            },
        },
    });
    const page = new Page(t, url);
    await page.open();
    page.say(await question());
    await page.until(() => page.words('ASSISTANT').includes('-3 degrees'), 'the weather');
    assert.deepEqual(asked, [{ city: 'Oslo' }]);
    assert.deepEqual(page.controls[0].ready.locks, ['systemPrompt', 'tools']);
    assert.ok(!page.events.some(([name]) => name === 'toolUse'));
    page.socket.close();
    await page.closed;
    await until(() => records.length > 0, 'the record of the conversation');
    assert.equal(records[0].toolCalls, 1);
});

test('who is not let in is told why, in a way that a browser can see', LIMIT, async (t) => {
    const { url, origin } = await serving(t, await startSimulator(t), { origins: ['https://app.example.com'] });
    for (const [options, code, error] of [
        [{ user: null }, 4001, 'sign_in_required'],
        [{ user: 'banned' }, 4003, 'not_authorized'],
        [{ headers: { Origin: 'https://evil.example' } }, 4003, 'not_authorized'],
        [{ headers: { Origin: 'null' } }, 4003, 'not_authorized'],
    ]) {
        const page = new Page(t, url, options);
        const { code: closed } = await page.closed;
        assert.deepEqual([closed, page.controls.at(-1)?.error?.code ?? page.controls[0]?.error?.code], [code, error]);
    }
    for (const headers of [{ Origin: origin }, { Origin: 'https://app.example.com' }, {}]) {
        const page = new Page(t, url, { headers });
        await page.until(() => page.controls.some(({ ready }) => ready), 'ready');
    }
});

test('rules of one conversation come from the application, and one that throws harms only itself', LIMIT, async (t) => {
    const { url, errors } = await serving(t, await startSimulator(t), {
        rules: (request, subject) => {
            if (subject === 'grace') throw new Error('the database said: no');
            return { systemPrompt: `You talk with ${subject}.`, voice: 'amy' };
        },
    });
    const ada = new Page(t, url);
    await ada.until(() => ada.controls[0]?.ready, 'ready');
    assert.deepEqual(ada.controls[0].ready.locks, ['systemPrompt', 'voice']);
    const grace = new Page(t, url, { user: 'grace' });
    assert.deepEqual(await grace.closed, { code: 4011, reason: 'internal' });
    assert.equal(errors[0].message, 'the database said: no');
    assert.equal(ada.socket.readyState, ada.socket.OPEN);
});

test('garbage, floods and greed close the sockets that they come by, and no other', LIMIT, async (t) => {
    const { url, relay } = await serving(t, await startSimulator(t, { scenario: STORY }), {
        perSubject: 1,
        authorize: (request) => request.headers['x-user'],
    });
    const good = new Page(t, url);
    await good.open();

    const second = new Page(t, url);
    assert.equal((await second.closed).code, 4008);

    const abuses = {
        garbage: (page) => page.socket.send('not json'),
        'events out of order': (page) => page.send('sessionEnd', {}),
        'a huge message': (page) => page.socket.send('x'.repeat(1_000_001)),
        'sound before anything': (page) => page.socket.send(Buffer.alloc(1024)),
        'a flood of bytes': (page) => {
            for (let part = 0; part < 40; part += 1) page.socket.send(Buffer.alloc(250_000));
        },
    };
    for (const [name, abuse] of Object.entries(abuses)) {
        const page = new Page(t, url, { user: `abuser of ${name}` });
        await page.until(() => page.controls[0]?.ready, 'ready');
        abuse(page);
        const { code } = await page.closed;
        assert.ok([1009, 4003, 4008].includes(code), `${name}: ${code}`);
    }
    good.say(await question());
    await good.until(() => good.words('ASSISTANT').includes('The end.'), 'an answer');
    await until(async () => (await relay.running()) === 1, 'the others are over');
});

test('a page that takes nothing is cut off', LIMIT, async (t) => {
    const records = [];
    const options = { authorize: () => 'ada', stallSeconds: 0.05, onEnded: (record) => records.push(record) };
    const relay = relayHandler({ ...routeTo(await startSimulator(t)), ...options });
    const deaf = Object.assign(new EventEmitter(), { bufferedAmount: 1, send() {}, close() {}, terminate: () => deaf.emit('close') });
    relay.connection(deaf, { headers: {}, socket: {} });
    await once(deaf, 'close');
    await until(() => records.length > 0, 'the record of the conversation');
    assert.equal(records[0].reason, 'client_gone');
    assert.equal(await relay.running(), 0);
    assert.throws(() => relayHandler({ authorize: () => 'ada', stallSeconds: 0 }), /stallSeconds/);
});

test('sockets of a server of one’s own are served as well, and other upgrades are left alone', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: STORY });
    const relay = relayHandler({ ...routeTo(simulator), authorize: () => 'ada' });
    const server = new WebSocketServer({ port: 0, handleProtocols: () => 'nova-sonic.relay.v1' });
    server.on('connection', relay.connection);
    t.after(() => server.close());
    await once(server, 'listening');
    const page = new Page(t, `ws://127.0.0.1:${server.address().port}`);
    await page.open();
    page.say(await question());
    await page.until(() => page.words('ASSISTANT').includes('The end.'), 'an answer');

    const { url, server: shared } = await serving(t, simulator);
    const nobodys = new Page(t, url.replace(PATH, '/chat'));
    assert.equal((await nobodys.closed).code, 1006, 'nobody else answers');
    const stranger = new Page(t, url, { protocols: ['chat'] });
    assert.equal((await stranger.closed).code, 1006);
    const chat = new WebSocketServer({ noServer: true, handleProtocols: () => 'chat' });
    shared.on('upgrade', (request, socket, head) => {
        if (request.url === '/chat') chat.handleUpgrade(request, socket, head, (opened) => opened.send('{"relay":"hello"}'));
    });
    const chatting = new Page(t, url.replace(PATH, '/chat'), { protocols: ['chat'] });
    await chatting.until(() => chatting.controls[0] === 'hello', 'the chat');
});

test('a server that goes down sends its pages elsewhere, and waits for them', LIMIT, async (t) => {
    const { url, relay, records } = await serving(t, await startSimulator(t));
    const page = new Page(t, url);
    await page.open();
    await page.until(() => page.controls[0]?.ready, 'ready');
    await relay.close();
    assert.equal((await page.closed).code, 4012);
    assert.equal(records.length, 1);
    const late = new Page(t, url);
    assert.equal((await late.closed).code, 4012);
});

test('pages of one user are told how things stand', LIMIT, async (t) => {
    const { url, relay } = await serving(t, await startSimulator(t));
    const pages = [new Page(t, url), new Page(t, url), new Page(t, url, { user: 'grace' })];
    for (const page of pages) await page.until(() => page.controls[0]?.ready, 'ready');
    assert.equal(await relay.sendStatus('ada', { minutesLeft: 3 }), 2);
    for (const page of pages.slice(0, 2)) {
        await page.until(() => page.controls.some(({ status }) => status?.minutesLeft === 3), 'status');
    }
    assert.ok(!pages[2].controls.some(({ status }) => status));
});

test('a relay that cannot reach the service says so to the page', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const { url } = await serving(t, simulator, { endpoint: 'http://127.0.0.1:9' });
    const page = new Page(t, url);
    await page.open();
    assert.equal((await page.closed).code, 4011);
    assert.equal(page.controls.find(({ error }) => error)?.error.code, 'connection_failed');
});
