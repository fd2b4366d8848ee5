// What the SDK makes of refusals: each an error of the class that an application would catch.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    AccessDeniedException,
    BedrockRuntimeClient,
    InvokeModelWithBidirectionalStreamCommand as Command,
    ModelStreamErrorException,
    ModelTimeoutException,
    ResourceNotFoundException,
    ThrottlingException,
    ValidationException,
} from '@aws-sdk/client-bedrock-runtime';

import { converse } from './support/conversation.js';
import { question } from './support/recording.js';
import { startSimulator, userKeys } from './support/simulator.js';

const LIMIT = { timeout: 400_000 };

async function failure(t, simulator, { keys = userKeys(simulator), ...options } = {}) {
    const client = new BedrockRuntimeClient({
        endpoint: simulator.http,
        region: simulator.region,
        credentials: keys,
        maxAttempts: 1,
    });
    t.after(() => client.destroy());
    return converse(client, Command, { sound: await question(), ...options }).then(
        () => assert.fail('the conversation did not fail'),
        (error) => error,
    );
}

test('keys and models that do not exist are refused before the stream', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const keys = userKeys(simulator);

    const mismatch = await failure(t, simulator, { keys: { ...keys, secretAccessKey: 'wrong' } });
    assert.deepEqual([mismatch.name, mismatch.$metadata.httpStatusCode], ['InvalidSignatureException', 403]);

    const nobody = await failure(t, simulator, { keys: { ...keys, accessKeyId: 'AKIANOBODYNOBODY1234' } });
    assert.deepEqual([nobody.name, nobody.$metadata.httpStatusCode], ['UnrecognizedClientException', 403]);

    const unknown = await failure(t, simulator, { modelId: 'amazon.nova-9-sonic-v1:0' });
    assert.ok(unknown instanceof ValidationException, unknown.name);
    assert.match(unknown.message, /model identifier is invalid/);

    const ended = await failure(t, simulator, { modelId: 'amazon.nova-sonic-v1:0' });
    assert.ok(ended instanceof ResourceNotFoundException, ended.name);
});

for (const [name, type] of [
    ['AccessDeniedException', AccessDeniedException],
    ['ThrottlingException', ThrottlingException],
]) {
    test(`${name} before the stream has a class of its own`, LIMIT, async (t) => {
        const refuse = { name, message: 'Not today.' };
        const simulator = await startSimulator(t, { scenario: { name: 'refusal', opening: { refuse } } });
        const error = await failure(t, simulator);
        assert.ok(error instanceof type, error.name);
        assert.equal(error.message, 'Not today.');
    });
}

for (const [kind, type] of [
    ['throttled', ThrottlingException],
    ['model_stream_error', ModelStreamErrorException],
    ['model_timeout', ModelTimeoutException],
    ['content_filtered', ValidationException],
]) {
    test(`the fault ${kind} in mid-answer is a ${type.name}, after all that came before`, LIMIT, async (t) => {
        const turn = { user: 'A story!', say: [{ text: 'Once upon a time.' }], fault: { after_audio_frames: 3, kind } };
        const simulator = await startSimulator(t, { scenario: { name: kind, turns: [turn] } });
        const error = await failure(t, simulator);
        assert.ok(error instanceof type, `${error.name}: ${error.message}`);
        assert.equal(error.heard.events.filter((event) => event === 'audioOutput').length, 3);
        assert.deepEqual(error.heard.transcript.map((line) => line.text), ['A story!', 'Once upon a time.']);
    });
}

test('a frame with a wrong checksum is an error, after all that came before', LIMIT, async (t) => {
    const fault = { after_audio_frames: 3, kind: 'wrong_checksum' };
    const turn = { user: 'A story!', say: [{ text: 'Once upon a time.' }], fault };
    const simulator = await startSimulator(t, { scenario: { name: 'checksum', turns: [turn] } });
    const error = await failure(t, simulator);
    assert.match(error.message, /checksum/);
    assert.equal(error.heard.events.filter((event) => event === 'audioOutput').length, 3);
});

test('a stream over the quota is throttled', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { options: ['--max-streams', '0'] });
    const error = await failure(t, simulator);
    assert.ok(error instanceof ThrottlingException, error.name);
});

test('a clock that is off refuses the signature', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { options: ['--clock-skew', '400'] });
    const error = await failure(t, simulator);
    assert.equal(error.name, 'InvalidSignatureException');
    assert.match(error.message, /Signature expired/);
});
