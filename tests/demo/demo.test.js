// `cargo xtask demo`: what it needs, what it reports, and that it leaves nothing behind however it ends.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { startDemo } from './support/demo.js';

const onLinux = { skip: !existsSync('/proc/self/environ') && 'processes are counted in /proc' };

/** The last line of what it complained about. */
const complaint = ({ errors }) => errors.trim().split('\n').at(-1);

test('a port that is taken is named in one sentence, before anything is built', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    t.after(() => other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address();
    const demo = startDemo(t, ['--port', String(port)]);
    assert.equal(await demo.ended, 1);
    assert.equal(demo.errors, `error: port ${port} is taken by another program: name another one with \`--port\`, or any free one with \`--port 0\`\n`);
});

test('what is missing is asked for in one sentence', async (t) => {
    const nothing = { PATH: '/nowhere', HOME: '/nowhere' };
    const demo = startDemo(t, ['--port', '0'], { environment: nothing });
    assert.equal(await demo.ended, 1);
    assert.match(demo.errors, /^error: Node 20\.19 or newer is needed and none is on the PATH: install it from .*\n$/);

    const aws = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') && name !== 'VOICE_ROLE_ARN'));
    const withoutAws = startDemo(t, ['--aws', '--port', '0', '--headless', '--json'], { environment: { ...aws, HOME: '/nowhere' } });
    assert.equal(await withoutAws.ended, 1);
    assert.match(complaint(withoutAws), /^error: `--aws` needs credentials \(.*\), and a region .*, and the role .*: docs\/aws-setup\.md/);
    const told = JSON.parse(withoutAws.output);
    assert.equal(told.ok, false);
    assert.match(told.error.message, /^`--aws` needs credentials/);
});

test('Ctrl-C ends what is being served in order, and nothing is left', onLinux, async (t) => {
    const demo = startDemo(t, ['--unproven', '--port', '0']);
    const [, address] = await demo.says(/The story player is at (\S+)/);
    assert.match(await demo.says(/sign in as \w+, password \S+/).then(String), /mila/);
    const page = await fetch(`${address}/accounts/login/`);
    assert.equal(page.status, 200);
    await page.text();
    demo.signal('SIGINT');
    assert.equal(await demo.ended, 0, demo.errors);
    assert.match(demo.errors, /The story player has ended, and everything that it started\.\n$/);
    assert.deepEqual(await demo.left(), []);
    await assert.rejects(fetch(address));
});

test('a part that dies is named with its last words, and the others end', onLinux, async (t) => {
    const demo = startDemo(t, ['--unproven', '--port', '0']);
    await demo.says(/The story player is at/);
    process.kill((await demo.process(/nova-sonic-sim/)).pid, 'SIGKILL');
    assert.equal(await demo.ended, 1);
    assert.match(complaint(demo), /^error: the simulator has ended by itself with signal: 9 \(SIGKILL\): see above what it said last; all of it is in \S+\.log$/);
    assert.match(demo.errors, /^ {6}the simulator: \{.*"relay"/m);
    assert.deepEqual(await demo.left(), []);
});

test('SIGTERM in the middle of a conversation leaves no browser behind', onLinux, async (t) => {
    const demo = startDemo(t, ['--port', '0']);
    await demo.says(/Hold one spoken conversation/);
    while (!(await demo.processes()).some(({ line }) => line.includes('--use-file-for-fake-audio-capture'))) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.ok(!demo.errors.includes('error:'), demo.errors);
    }
    demo.signal('SIGTERM');
    assert.equal(await demo.ended, 130);
    assert.deepEqual(await demo.left(), []);
});

for (const [name, options, transport] of [
    ['straight', [], 'direct'],
    ['through the server', ['--relay-only'], 'relay'],
]) {
    test(`a conversation ${name} is held in a browser and reported as one object`, onLinux, async (t) => {
        const demo = startDemo(t, ['--headless', '--json', ...options]);
        assert.equal(await demo.ended, 0, demo.errors);
        const told = JSON.parse(demo.output);
        assert.equal(told.ok, true);
        assert.equal(told.transport, transport);
        for (const role of ['user', 'assistant']) {
            const said = told.transcript.filter((line) => line.role === role && line.stage === 'final');
            assert.ok(said.length > 0, `${role}: ${JSON.stringify(told.transcript)}`);
        }
        const { click_to_first_audio: click, end_of_speech_to_first_sound: sound, ours } = told.timings_ms;
        for (const time of [click, sound]) assert.ok(time > 0 && time < 60_000, JSON.stringify(told.timings_ms));
        assert.ok(ours.click_to_first_audio <= click && ours.end_of_speech_to_first_sound <= sound, JSON.stringify(told.timings_ms));
        assert.ok(told.usage.input.speech > 0 && told.usage.output.speech > 0, JSON.stringify(told.usage));
        assert.ok(told.screenshots.length > 0);
        for (const path of told.screenshots) assert.ok(existsSync(path), path);
        assert.deepEqual(await demo.left(), []);
    });
}
