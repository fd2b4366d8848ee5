// A process ends when it should: neither sooner nor later, and never by a fault.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { LIMIT, startSimulator, userKeys } from './support/stage.mjs';

/** A service that breaks off. */
const CUT = { name: 'cut', turns: [{ say: [{ text: 'I break.' }], fault: { after_audio_frames: 1, kind: 'cut' } }] };
/** Conversations of the test of leaks that are counted; half as many come before. */
const MANY = Number(process.env.NOVA_SONIC_MANY ?? '150');
/** What one of them may take on a machine that is busy, ms. */
const ONE_MS = 600;

/** Runs one of `programs/`: what it printed, how it ended, and how long that took, ms. */
async function run(program, simulator, options = [], ...words) {
    return runFor(100_000, program, { simulator }, options, ...words);
}

async function runFor(timeout, program, { simulator, ...others }, options, ...words) {
    const began = performance.now();
    const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
    const child = spawn(process.execPath, [...options, path, JSON.stringify({ simulator, others, credentials: userKeys(simulator) }), ...words], {
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout,
        killSignal: 'SIGKILL',
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
    const [code, signal] = await once(child, 'close');
    return { printed: printed.trim().split('\n'), ended: code ?? signal, ms: performance.now() - began };
}

test('after the last conversation is closed nothing keeps the process alive', LIMIT, async (t) => {
    const { printed, ended, ms } = await run('closed.mjs', await startSimulator(t));
    assert.deepEqual([printed, ended], [['closed'], 0]);
    assert.ok(ms < 10_000, `it took ${ms} ms`);
});

test('a conversation that goes on keeps the process alive, though nobody holds it', LIMIT, async (t) => {
    const { printed, ended } = await run('open.mjs', await startSimulator(t), ['--expose-gc']);
    assert.deepEqual([printed, ended], [['time_limit'], 0]);
});

test('unless it was told not to', LIMIT, async (t) => {
    const { printed, ended } = await run('forgotten.mjs', await startSimulator(t));
    assert.deepEqual([printed, ended], [['unreferenced'], 0]);
});

test('a process that exits in mid-conversation ends as it says', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    for (let round = 0; round < 5; round += 1) assert.equal((await run('exit.mjs', simulator)).ended, 7);
});

test('threads may end in mid-conversation', LIMIT, async (t) => {
    const { printed, ended } = await run('thread.mjs', await startSimulator(t));
    assert.deepEqual([printed, ended], [Array(4).fill('talking'), 0]);
});

test('a listener that throws takes no event from others', LIMIT, async (t) => {
    const { printed, ended } = await run('throwing.mjs', await startSimulator(t));
    assert.equal(ended, 0);
    assert.equal(printed[0], 'the listener’s own');
    assert.equal(printed.at(-1), 'time_limit');
});

test('conversations that end in whatever way leave no thread, no descriptor, no handle and no memory', { timeout: 120_000 + 3 * ONE_MS * MANY }, async (t) => {
    const options = ['--max-streams', '200'];
    const simulators = {
        simulator: await startSimulator(t, { scenario: 'parrot', options }),
        weather: await startSimulator(t, { scenario: 'weather', options }),
        cut: await startSimulator(t, { scenario: CUT, options }),
    };
    const { printed, ended } = await runFor(60_000 + 3 * ONE_MS * MANY, 'many.mjs', simulators, ['--expose-gc'], MANY);
    assert.equal(ended, 0);
    const { before, after, lost } = JSON.parse(printed[0]);
    t.diagnostic(JSON.stringify({ before, after, lost }));
    assert.ok(lost <= MANY / 50, `${lost} could not be opened`);
    // the last ones may still be on the stack of who waited for them
    assert.ok(after.remembered <= 15, `${after.remembered} sessions are not collected`);
    assert.equal(after.ours, 1, 'the one that drives all conversations');
    assert.ok(after.threads <= before.threads, `${before.threads} threads became ${after.threads}`);
    assert.ok(after.handles <= before.handles, `${before.handles} handles became ${after.handles}`);
    // idle connections are kept for the next ones: to each of three services as many as there were at once, fifteen in all
    assert.ok(after.descriptors <= before.descriptors + 15, `${before.descriptors} descriptors became ${after.descriptors}`);
    assert.ok(after.mebibytes < before.mebibytes + 15, `${before.mebibytes} MiB became ${after.mebibytes}`);
});
