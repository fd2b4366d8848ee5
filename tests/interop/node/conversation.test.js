// Node's build of the SDK: whole conversations without TLS and with it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    BedrockRuntimeClient,
    InvokeModelWithBidirectionalStreamCommand as Command,
} from '@aws-sdk/client-bedrock-runtime';

import { inChild } from './support/child.js';
import { converse } from './support/conversation.js';
import { question } from './support/recording.js';
import { startSimulator, userKeys } from './support/simulator.js';

const LIMIT = { timeout: 400_000 };

const STORY = {
    name: 'hello',
    turns: [{ user: 'Will you tell me a story?', say: [{ text: 'Once upon a time.' }, { text: 'The end.' }] }],
};

function client(t, simulator, endpoint = simulator.http) {
    const client = new BedrockRuntimeClient({ endpoint, region: simulator.region, credentials: userKeys(simulator) });
    t.after(() => client.destroy());
    return client;
}

/** What every whole conversation with STORY is like. */
function assertStory(heard) {
    assert.equal(heard.error, undefined);
    const words = (role, stage) =>
        heard.transcript.filter((line) => line.role === role && line.stage === stage).map((line) => line.text);
    assert.equal(words('USER', 'FINAL').join(''), 'Will you tell me a story?');
    assert.deepEqual(words('ASSISTANT', 'SPECULATIVE'), ['Once upon a time.', 'The end.']);
    assert.equal(words('ASSISTANT', 'FINAL').join(''), 'Once upon a time. The end.');
    assert.ok(heard.audioBytes > 24_000, `half a second of sound at least: ${heard.audioBytes} bytes`);
    assert.ok(heard.usage.input > 0 && heard.usage.output > 0, 'speech is metered both ways');
    assert.equal(heard.events.filter((name) => name === 'completionStart').length, 1);
    assert.ok(!heard.stopReasons.includes('INTERRUPTED'));
}

test('recorded speech is answered over HTTP/2 without TLS', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: STORY });
    const heard = await converse(client(t, simulator), Command, { sound: await question() });
    assertStory(heard);
    assert.equal(heard.events.at(-1), 'completionEnd', 'the last word comes after the end of the input');
});

test('recorded speech is answered over TLS', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: STORY });
    const heard = await inChild('node.js', simulator, simulator.ca);
    assertStory(heard);
    assert.equal(heard.events.at(-1), 'completionEnd');
});

test('a certificate that nobody vouches for is refused', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    await assert.rejects(converse(client(t, simulator, simulator.https), Command, { sound: await question() }));
});

test('the build for browsers is answered over its signed WebSocket', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: STORY });
    assertStory(await inChild('browser.js', simulator, simulator.ca));
});

test('the build for browsers with a wrong secret is not let in', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: STORY });
    // a browser is not told why an upgrade was refused
    const { error } = await inChild('browser.js', { ...simulator, secret_access_key: 'wrong' }, simulator.ca);
    assert.equal(error.status, 500);
});

test('a tool is called with its arguments, and its result is spoken', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { scenario: 'weather' });
    const asked = [];
    const tools = {
        get_weather: (input) => {
            asked.push(input);
            return { summary: 'snowing', temperature: -3 };
        },
    };
    const heard = await converse(client(t, simulator), Command, { sound: await question(), tools });
    assert.deepEqual(asked, [{ city: 'Oslo' }]);
    assert.deepEqual(heard.calls, [{ name: 'get_weather', input: { city: 'Oslo' } }]);
    const spoken = heard.transcript.filter((line) => line.stage === 'FINAL').map((line) => line.text).join('');
    assert.ok(spoken.endsWith('It is snowing in Oslo. It has -3 degrees.'), spoken);
});
