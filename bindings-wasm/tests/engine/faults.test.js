// What goes wrong, and how it is said: plain objects with a stable code, never a secret, never a panic.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Engine, drained, seed, thrown } from './support/engine.js';
import { serverEvent, serverException } from './support/frames.js';
import { grant } from './support/grants.js';
import { vectors } from './support/vectors.js';

function direct(config = {}) {
    const engine = new Engine(JSON.stringify(config), seed(), 0);
    engine.openDirect(grant(), 0);
    return engine;
}

function connected(config) {
    const engine = direct(config);
    engine.connected(0);
    drained(engine);
    return engine;
}

function closing(engine) {
    return drained(engine).find(({ event }) => event?.type === 'closed')?.event;
}

test('settings that are wrong are named', () => {
    for (const [config, setting] of [
        ['{', 'object is not JSON at column 1'],
        ['[]', 'object is not an object'],
        ['{"voise":"amy"}', 'voise is not known'],
        ['{"systemPrompt":7}', 'systemPrompt is not a text'],
        ['{"temperature":2}', 'temperature is not between 0 and 1'],
        ['{"inputRate":44100}', 'inputRate is not 8000, 16000 or 24000'],
        ['{"maxTokens":1.5}', 'maxTokens is not a whole number'],
        ['{"microphone":"on"}', 'microphone is none of open, muted, closed'],
        ['{"turnDetection":"LOW"}', 'turnDetection is none of low, medium, high'],
        ['{"history":[{"role":"user","text":"a"},{"role":"system","text":"b"}]}', 'history[1].role is none of user, assistant'],
        ['{"history":[{"role":"user","text":"a","id":1}]}', 'history[0].id is not known'],
        ['{"tools":[{"name":"a","description":"b","schema":{}}]}', 'tools[0].schema is not a text'],
        ['{"toolChoice":"all"}', 'toolChoice is not auto, any or {"tool":name}'],
        ['{"limits":{"idleMs":-1}}', 'limits.idleMs is not a whole number'],
        ['{"limits":{"frameMs":5}}', 'limits.frameMs is not between 10 and 200 ms'],
        ['{"limits":{"frames":5}}', 'limits.frames is not known'],
    ]) {
        assert.deepEqual(thrown(() => new Engine(config, seed(), 0)), {
            code: 'configuration_invalid',
            message: `setting ${setting}`,
            retryable: false,
            blame: 'caller',
        });
    }
    assert.equal(thrown(() => new Engine('{}', new Uint8Array(31), 0)).message, 'setting seed is not 32 random bytes');
});

test('settings that are null are left out', () => {
    new Engine('{"voice":null,"limits":{"idleMs":null},"tools":null}', seed(), 0).free();
});

test("a caller's mistakes are thrown and change nothing", () => {
    const engine = connected();
    for (const [call, code] of [
        [() => engine.text(10, '  '), 'text_empty'],
        [() => engine.toolResult(10, 'no such call', '{}'), 'tool_call_unknown'],
        [() => engine.audio(10, new Int16Array(16_001)), 'audio_unsupported'],
        [() => engine.capture(10, new Float32Array(128), 1), 'audio_unsupported'],
        [() => engine.microphone(10, 'on'), 'configuration_invalid'],
    ]) {
        const fault = thrown(call);
        assert.deepEqual(Object.keys(fault), ['code', 'message', 'retryable', 'blame']);
        assert.equal(fault.code, code);
    }
    engine.text(20, 'hello');
    assert.ok(drained(engine).some(({ event }) => event?.type === 'transcript'));
});

test('sound that nobody fetches is refused after a while, and then taken again', () => {
    const engine = connected();
    const second = new Int16Array(16_000);
    let fault;
    for (let at = 1; at < 10 && fault === undefined; at += 1) {
        try {
            engine.audio(at * 1000, second);
        } catch (error) {
            fault = error;
        }
    }
    assert.deepEqual([fault.code, fault.retryable], ['audio_backpressure', true]);
    drained(engine);
    engine.audio(10_000, second);
});

test('every defect of a frame ends the conversation with its code', () => {
    for (const { name, hex, code, frames_before: before } of vectors('frames/defects.json').frames) {
        // the frames before a later defect are whole, but no events
        if (before > 0) continue;
        const engine = connected();
        engine.receivedBinary(10, Buffer.from(hex, 'hex'));
        const closed = closing(engine);
        // what is cut off may still go on with the next message
        if (code === 'frame_truncated') assert.equal(closed, undefined, name);
        else assert.equal(closed.code, code, name);
    }
});

test('what an exception means is said, with the id that AWS support asks for', () => {
    const engine = connected();
    engine.receivedBinary(10, serverException('validationException', 'RequestId=4f1c : Invalid voiceId nobody'));
    assert.deepEqual(closing(engine), {
        type: 'closed',
        reason: 'voice_unknown',
        code: 'voice_unknown',
        message: 'ValidationException: Invalid voiceId nobody',
        retryable: false,
        blame: 'caller',
        requestId: '4f1c',
    });
});

test('an event that cannot be read is an error, and the conversation goes on', () => {
    const engine = connected();
    engine.receivedBinary(10, serverEvent('{"event":{"textOutput":7}}'));
    assert.equal(drained(engine)[0].event.code, 'event_invalid');
    engine.receivedText(20, 'the service sends no text');
    assert.equal(drained(engine)[0].event.code, 'frame_malformed');
    engine.text(30, 'still here');
    assert.ok(drained(engine).some(({ event }) => event?.type === 'transcript'));
});

test('how a socket closes says why', () => {
    for (const [open, code, reason, expected] of [
        [false, 1006, '', 'connection_failed'],
        [false, 1000, '', 'connection_failed'],
        [true, 1000, '', 'disconnected'],
        [true, 1006, '', 'connection_lost'],
        [true, 1008, 'ThrottlingException: Too many connections', 'throttled'],
        [true, 1011, '', 'service_failed'],
    ]) {
        const engine = direct();
        if (open) engine.connected(0);
        drained(engine);
        engine.disconnected(10, code, reason);
        const closed = closing(engine);
        assert.equal(closed.reason, expected, `${code} ${reason}`);
        assert.equal('code' in closed, expected !== 'disconnected');
    }
});

test('a failure that only the Worker knows is told with its code; an unknown one is a defect', () => {
    for (const [given, told] of [['open_timeout', 'open_timeout'], ['no such code', 'internal']]) {
        const engine = direct();
        engine.failed(10, given, 'the socket did not open');
        assert.deepEqual([closing(engine).code, engine.nextTimeout()], [told, Infinity]);
    }
});

test('after the end everything is refused or ignored, and nothing is sent', () => {
    const engine = connected();
    engine.disconnected(10, 1006, '');
    drained(engine);
    assert.equal(thrown(() => engine.text(20, 'hello')).code, 'session_closed');
    assert.equal(thrown(() => engine.audio(20, new Int16Array(512))).code, 'session_closed');
    engine.receivedBinary(20, serverEvent('{"event":{"completionStart":{}}}'));
    engine.hangup(20);
    engine.timeout(1e9);
    assert.deepEqual(drained(engine), []);
});

test('times that are none do no harm', () => {
    const engine = connected();
    for (const time of [NaN, -1, Infinity, 1e300]) {
        engine.timeout(time);
        engine.poll(time);
    }
    assert.ok(engine.nextTimeout() > 0);
});
