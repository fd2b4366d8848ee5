// Whole conversations with the simulator, which verifies every signature and every event, over real sockets.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { issueGrant } from '../../../tests/interop/node/support/grants.js';
import { question } from '../../../tests/interop/node/support/recording.js';
import { startSimulator } from '../../../tests/interop/node/support/simulator.js';
import { Call } from './support/call.js';

const LIMIT = { timeout: 120_000 };

const TOOL = {
    name: 'get_weather',
    description: 'The weather of a place.',
    schema: JSON.stringify({ type: 'object', properties: { city: { type: 'string' } } }),
};

const WEATHER = {
    name: 'weather',
    turns: [
        {
            user: 'How is the weather?',
            tools: [{ name: 'get_weather', input: { city: 'Paris' } }],
            then: [{ text: 'It is sunny.' }],
        },
    ],
};

async function samples() {
    const bytes = await question();
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function grantOf(simulator) {
    const { grant } = await issueGrant(simulator, { plain: false });
    return Buffer.from(JSON.stringify(grant));
}

function ending(t, call) {
    t.after(() => call.end());
    return call;
}

test('recorded speech is answered straight from the service, and the goodbye is in order', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { options: ['--control'] });
    const call = ending(t, Call.direct({}, await grantOf(simulator), simulator.ws));
    await call.say(await samples());
    await call.event(({ type, to }) => type === 'stateChanged' && to === 'speaking');
    await call.event(({ type, role, stage }) => type === 'transcript' && role === 'assistant' && stage === 'final');
    assert.ok(call.words('user').length > 0);
    assert.ok([...call.heard.values()].some((samples) => samples > 12_000), 'half a second was heard');
    assert.ok(call.events.some(({ type, delta }) => type === 'usage' && delta.input.speech > 0));
    call.do((engine, now) => engine.hangup(now));
    const { reason } = await call.event(({ type }) => type === 'closed');
    assert.equal(reason, 'hangup');
    const { streams } = await (await fetch(`${simulator.control}streams`)).json();
    assert.equal(streams.length, 1);
    assert.deepEqual([streams[0].transport, streams[0].input_ended], ['web_socket', true]);
});

test('a tool is called with its arguments, and its result is spoken about', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: WEATHER });
    const call = ending(t, Call.direct({ tools: [TOOL] }, await grantOf(simulator), simulator.ws));
    await call.say(await samples());
    const { id, name, input } = await call.event(({ type }) => type === 'toolCall');
    assert.deepEqual([name, input], ['get_weather', { city: 'Paris' }]);
    call.do((engine, now) => engine.toolResult(now, id, '{"sky":"sunny"}'));
    await call.event(({ type, role, stage }) => type === 'transcript' && role === 'assistant' && stage === 'final');
    assert.equal(call.words('assistant'), 'It is sunny.');
});

test('what is typed while the socket opens is sent when it is open', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const call = ending(t, Call.direct({}, await grantOf(simulator), simulator.ws));
    call.do((engine, now) => engine.text(now, 'Tell me a story.'));
    assert.equal(call.words('user'), 'Tell me a story.');
    await call.event(({ type, role }) => type === 'transcript' && role === 'assistant');
});

test('credentials that may not open this model are refused, and nobody waits for ten seconds', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const call = ending(t, Call.direct({ model: 'amazon.titan-text-express-v1' }, await grantOf(simulator), simulator.ws));
    const closed = await call.event(({ type }) => type === 'closed');
    assert.deepEqual([closed.code, closed.retryable], ['connection_failed', true]);
});

test('recorded speech is answered through the relay', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const call = ending(t, Call.relayed({}, simulator.relay));
    const { relay } = await call.event(({ type }) => type === 'relay');
    assert.deepEqual([relay.ready.version, relay.ready.model], [1, 'amazon.nova-2-sonic-v1:0']);
    await call.say(await samples());
    await call.event(({ type, role, stage }) => type === 'transcript' && role === 'assistant' && stage === 'final');
    assert.ok([...call.heard.values()].some((samples) => samples > 12_000), 'half a second was heard');
    call.do((engine, now) => engine.hangup(now));
    assert.equal((await call.event(({ type }) => type === 'closed')).reason, 'hangup');
});

test('the relay says why it closes, and the conversation ends with that', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { options: ['--relay-token', 'let me in'] });
    const stranger = ending(t, Call.relayed({}, simulator.relay));
    const closed = await stranger.event(({ type }) => type === 'closed');
    assert.deepEqual([closed.code, closed.retryable, closed.blame], ['sign_in_required', false, 'caller']);
});

test('a conversation goes on through the relay where it was, tool calls included', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: WEATHER });
    const config = { tools: [TOOL] };
    const first = ending(t, Call.direct(config, await grantOf(simulator), simulator.ws));
    await first.say(await samples());
    const { id } = await first.event(({ type }) => type === 'toolCall');
    const lastTurn = Math.max(...first.events.filter(({ turn }) => turn).map(({ turn }) => turn));

    const second = ending(t, first.succeededBy(config, simulator.relay));
    await second.event(({ type, to }) => type === 'stateChanged' && to === 'listening');
    first.end();
    second.do((engine, now) => engine.toolResult(now, id, '{"sky":"sunny"}'));
    const answer = await second.event(({ type, role }) => type === 'transcript' && role === 'assistant');
    assert.ok(answer.turn > lastTurn, `turn ${answer.turn} follows turn ${lastTurn}`);
});
