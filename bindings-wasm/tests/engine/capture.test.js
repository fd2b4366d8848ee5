// The microphone's way: any device, blocks of any size, frames of 32 ms at the session's rate.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Engine, drained, seed } from './support/engine.js';
import { readClientEvent } from './support/frames.js';
import { grant } from './support/grants.js';

const TONE_HERTZ = 1000;

function connected(config = {}) {
    const engine = new Engine(JSON.stringify(config), seed(), 0);
    engine.openDirect(grant(), 0);
    engine.connected(0);
    drained(engine);
    return engine;
}

/** The frames of sound that `engine` has to send now. */
function framesOf(engine) {
    const events = drained(engine).filter(({ binary }) => binary).map(({ binary }) => readClientEvent(binary));
    return events.filter((event) => event?.audioInput).map(({ audioInput }) => {
        const bytes = Buffer.from(audioInput.content, 'base64');
        return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    });
}

/** A second of a tone from a device of that rate, in its blocks of 128 samples. */
function capture(engine, rate) {
    const frames = [];
    for (let at = 0; at < rate; at += 128) {
        const block = new Float32Array(Math.min(128, rate - at));
        for (let n = 0; n < block.length; n += 1) block[n] = 0.5 * Math.sin((2 * Math.PI * TONE_HERTZ * (at + n)) / rate);
        engine.capture(((at + block.length) / rate) * 1000, block, rate);
        frames.push(...framesOf(engine));
    }
    return frames;
}

/** How far `samples` are off the tone, dB below it. */
function company(samples, rate, first) {
    const angle = (n) => (2 * Math.PI * TONE_HERTZ * (first + n)) / rate;
    let [rest, tone] = [0, 0];
    for (const [n, sample] of samples.entries()) {
        const exact = 0.5 * Math.sin(angle(n));
        rest += (sample / 32_768 - exact) ** 2;
        tone += exact ** 2;
    }
    return 10 * Math.log10(rest / tone);
}

for (const device of [16_000, 24_000, 32_000, 44_100, 48_000, 96_000]) {
    test(`a device of ${device} Hz`, () => {
        const frames = capture(connected(), device);
        assert.ok(frames.every(({ length }) => length > 480 && length <= 512));
        assert.ok(frames.length >= 30 && frames.length <= 32, `${frames.length} frames`);
        const samples = frames.flatMap((frame) => [...frame]);
        const off = company(samples.slice(1000), 16_000, 1000);
        assert.ok(off < -75, `${off.toFixed(1)} dB off the tone`);
    });
}

test('a device that changes in mid-sentence goes on without a seam in time', () => {
    const engine = connected();
    const frames = [...capture(engine, 48_000), ...capture(engine, 44_100)];
    const samples = frames.reduce((sum, { length }) => sum + length, 0);
    assert.ok(Math.abs(samples - 32_000) < 1000, `${samples} samples`);
});

for (const device of [16_000, 44_100, 48_000]) {
    test(`no sound waits for a second block, at ${device} Hz`, () => {
        const engine = connected();
        // as the package's worklet posts them: the whole quanta that are nearest to 32 ms
        const block = new Float32Array(128 * Math.round((0.032 * device) / 128)).fill(0.5);
        let samples = 0;
        for (let count = 1; count <= 1000; count += 1) {
            engine.capture((count * block.length * 1000) / device, block, device);
            for (const { length } of framesOf(engine)) samples += length;
            const behind = (count * block.length) / device - samples / 16_000;
            assert.ok(behind < 0.006, `${behind * 1000} ms are kept back after block ${count}`);
        }
    });
}

test('what was said last goes out before the microphone closes, and nothing after it', () => {
    const engine = connected();
    engine.capture(10, new Float32Array(480).fill(0.5), 48_000);
    assert.deepEqual(framesOf(engine), []);
    engine.microphone(10, 'closed');
    const [rest, ...others] = framesOf(engine);
    assert.deepEqual([rest.length, others.length], [160, 0]);
    engine.capture(20, new Float32Array(48_000).fill(0.5), 48_000);
    assert.deepEqual(framesOf(engine), []);
});

test('the level is that of the last block, muted or not', () => {
    const engine = connected({ microphone: 'muted' });
    assert.equal(engine.level(), -100);
    engine.capture(10, new Float32Array(480).fill(0.5), 48_000);
    assert.ok(Math.abs(engine.level() + 6.02) < 0.01, `${engine.level()} dBFS`);
    engine.capture(20, new Float32Array(480), 48_000);
    assert.equal(engine.level(), -100);
});
