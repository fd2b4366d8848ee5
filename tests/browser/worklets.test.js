// The worklets by themselves, quantum by quantum: the buffer that adapts, the count of what was heard, the other rates.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { agreement } from './support/answers.js';
import { noise } from './support/wav.js';
import { loadWorklet } from './support/worklet.js';

const RATE = 24_000;

function player(options = {}) {
    const { rate = RATE, ...rest } = options;
    const worklet = loadWorklet('playback.js', rate, { rate: RATE, ...rest });
    return {
        ...worklet,
        play(turn, samples) {
            worklet.tell({ type: 'sound', turn, samples: worklet.array('Int16Array', samples), length: samples.length });
        },
        of: (type) => worklet.said.filter((message) => message.type === type),
    };
}

const pcm = (out) => Array.from(out, (sample) => Math.round(sample * 32_768));

test('an answer starts when its buffer is full, or its time is up', () => {
    const full = player({ bufferMs: 60 });
    full.play(1, noise(RATE));
    assert.ok(full.render(0.006)[0] !== 0, 'a second is enough at once');

    const little = player({ bufferMs: 60 });
    little.play(1, noise(480));
    const out = little.render(0.2);
    const begin = out.findIndex((sample) => sample !== 0);
    assert.ok(begin > 0 && begin <= 0.06 * RATE, `20 ms wait for ${begin / 24} ms`);
    assert.equal(agreement(pcm(out.subarray(begin)), noise(480), 0), 480);
});

test('a network that is late makes the buffer grow, and one that is not lets it shrink', () => {
    const late = player({ bufferMs: 60 });
    const piece = noise(RATE / 10);
    for (let gap = 0; gap < 4; gap += 1) {
        late.play(1, piece);
        // a tenth of a second plays, and the next one comes 50 ms too late
        late.render(0.21);
    }
    const { statistics } = late.of('statistics').at(-1);
    // twice it was too short, and the third time long enough
    assert.equal(statistics.underruns, 2);
    assert.ok(statistics.targetMs > 120 && statistics.targetMs < 150, `it waits for ${statistics.targetMs} ms`);
    assert.ok(statistics.gapMs > 50, `${statistics.gapMs} ms were silent`);

    // answers that come in one go are no reason to wait
    for (let turn = 2; turn < 40; turn += 1) {
        late.play(turn, noise(RATE));
        late.render(1.2);
    }
    late.play(40, piece);
    const begin = late.render(0.3).findIndex((sample) => sample !== 0);
    assert.ok(begin >= 0 && begin <= 0.066 * RATE, `at last ${begin / 24} ms`);
});

test('a pause of the model is no fault of the network', () => {
    const paused = player();
    paused.play(1, noise(RATE / 10));
    paused.render(1.5);
    paused.play(1, noise(RATE / 10));
    paused.render(0.3);
    assert.deepEqual(paused.of('statistics'), []);
});

test('what was heard is counted as the ear has it, and in the order of turns', () => {
    const heard = player();
    heard.tell({ type: 'latency', seconds: 0.1 });
    heard.play(3, noise(RATE));
    heard.render(0.5);
    const soFar = heard.of('played').at(-1);
    assert.equal(soFar.turn, 3);
    assert.ok(Math.abs(soFar.samples - 0.4 * RATE) < 0.06 * RATE, `${soFar.samples} of 9600`);
    heard.render(1);
    assert.deepEqual(heard.of('played').at(-1).samples, RATE, 'all of it in the end');
    heard.play(4, noise(480));
    heard.render(0.5);
    const counts = heard.of('played').map(({ turn, samples }) => [turn, samples]);
    assert.deepEqual(counts.at(-1), [4, 480]);
    assert.deepEqual(counts, [...counts].sort(([a, x], [b, y]) => a - b || x - y), 'never less than before');
});

test('a flush is silence from the next quantum on, and leaves later turns alone', () => {
    const flushed = player();
    flushed.play(1, noise(RATE));
    flushed.play(2, noise(RATE / 2, 9));
    const before = flushed.render(0.2);
    const at = flushed.frame();
    flushed.tell({ type: 'flush', turn: 1 });
    const after = flushed.render(0.02);
    const [{ frame, samples }] = flushed.of('flushed');
    assert.equal(frame, at, 'the quantum after the message');
    assert.equal(samples, before.findLastIndex((sample) => sample !== 0) + 1, 'what was rendered was heard');
    assert.equal(flushed.of('played').findLast(({ turn }) => turn === 1).samples, samples);
    assert.equal(agreement(pcm(after), noise(RATE / 2, 9), 0), after.length, 'the next answer waits already, and begins');
    flushed.tell({ type: 'flush', turn: Infinity });
    assert.ok(flushed.render(0.1).every((sample) => sample === 0));
    assert.equal(flushed.of('spare').length, 2, 'the buffers came back');
});

test('what is held goes on where it was, without a click', () => {
    const held = player();
    const sent = new Int16Array(RATE).fill(8_000);
    held.play(1, sent);
    const before = held.render(0.1);
    held.tell({ type: 'hold' });
    const silence = held.render(0.2);
    held.tell({ type: 'resume' });
    const after = held.render(1.2);
    const all = pcm([...before, ...silence, ...after]);
    assert.ok(silence.subarray(128).every((sample) => sample === 0));
    const steps = all.slice(all.indexOf(8_000)).map((sample, index, list) => Math.abs(sample - (list[index - 1] ?? sample)));
    assert.ok(steps.slice(0, -15_000).every((step) => step <= 8_000 / 100), 'no step is audible');
    assert.equal(all.filter((sample) => sample > 0).length, RATE - 1, 'every sample was played, the first of a fade at nought');
});

for (const rate of [16_000, 44_100, 48_000]) {
    test(`a context of ${rate} Hz gets the answer at its rate, clean`, () => {
        const other = player({ rate });
        const hertz = 1_000;
        // as the network cuts it
        for (let piece = 0; piece < 50; piece += 1) {
            const samples = Int16Array.from({ length: 960 }, (_, index) => 16_000 * Math.sin((2 * Math.PI * hertz * (piece * 960 + index)) / RATE));
            other.play(1, samples);
        }
        const out = other.render(2.3);
        const begin = out.findIndex((sample) => Math.abs(sample) > 0.01);
        const end = out.findLastIndex((sample) => Math.abs(sample) > 0.01);
        assert.ok(Math.abs((end - begin) / rate - 2) < 0.003, `${(end - begin) / rate} s`);
        // what is left when the tone is taken out
        const middle = out.subarray(begin + 0.2 * rate, begin + 1.8 * rate);
        let [sine, cosine] = [0, 0];
        const angle = (index) => (2 * Math.PI * hertz * index) / rate;
        middle.forEach((sample, index) => {
            sine += sample * Math.sin(angle(index));
            cosine += sample * Math.cos(angle(index));
        });
        [sine, cosine] = [(2 * sine) / middle.length, (2 * cosine) / middle.length];
        let [signal, rest] = [0, 0];
        middle.forEach((sample, index) => {
            const tone = sine * Math.sin(angle(index)) + cosine * Math.cos(angle(index));
            signal += tone * tone;
            rest += (sample - tone) ** 2;
        });
        const ratio = 10 * Math.log10(signal / rest);
        assert.ok(ratio > 60, `${ratio} dB above everything else`);
        assert.ok(Math.abs(Math.hypot(sine, cosine) - 16_000 / 32_768) < 0.01, 'as loud as it was');
        assert.equal(other.of('played').at(-1).samples, 48_000);
    });
}

test('the microphone comes in blocks of about 32 ms, mixed to mono', () => {
    const microphone = loadWorklet('capture.js', 48_000);
    const stereo = (frame, length) => [0, 1].map((channel) => Float32Array.from({ length }, (_, index) => (channel === 0 ? (frame + index) / 65_536 : 0)));
    microphone.render(0.32, stereo);
    assert.equal(microphone.said.length, 10);
    const samples = microphone.said.flatMap(({ samples: block }) => Array.from(block));
    assert.equal(samples.length, 15_360);
    assert.ok(samples.every((sample, index) => sample === index / 131_072), 'none is missing, and each is the mean');
});

test('blocks that nobody reads are not piled up, and those that come back are used again', () => {
    const microphone = loadWorklet('capture.js', 48_000);
    const mono = (_frame, length) => [new Float32Array(length)];
    microphone.render(5, mono);
    assert.equal(microphone.said.length, 32);
    for (const { samples } of microphone.said.splice(0)) microphone.tell(samples);
    microphone.render(0.1, mono);
    assert.equal(microphone.said.length, 3);
    microphone.render(1, undefined);
    assert.equal(microphone.said.length, 3, 'nothing is posted without a microphone');
});
