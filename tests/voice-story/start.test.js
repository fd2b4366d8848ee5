// The whole way: sign in, take a story, start, speak, hear the answer, stop.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RATE, agreement, noiseFile, position } from '../browser/support/answers.js';
import { startBrowser } from '../browser/support/chromium.js';
import { keepCount, left } from '../browser/engines/steps.js';
import { control, streams } from '../browser/support/world.js';
import { sessions } from './support/backend.js';
import { heard, timings } from './support/listening.js';
import { captions, player, said, standing, start, stop, transport, until, watchPhases } from './support/story.js';
import { openWorld } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) })));
after(async () => {
    for (const end of endings) await end();
});

test('a child asks, and hears the answer; what is stored of it is what was heard', async (t) => {
    const first = await noiseFile(t, 2, 7);
    const second = await noiseFile(t, 1.2, 8);
    const say = [
        { text: 'She has lost her way.', recording: first.path },
        { text: 'But the owl knows it.', recording: second.path },
    ];
    const scenario = { name: 'fox', turns: [{ user: 'Why is the little fox so sad?', say }], otherwise: 'listen' };
    const { page, simulator, backend } = await openWorld(t, browser, { scenario, listens: true });
    await keepCount(page);
    const granted = page.waitForResponse(/\/api\/aws-credentials\/$/);
    const phases = await watchPhases(page);

    const click = await start(page);
    const grant = await granted;
    await standing(page, 'listening');
    assert.deepEqual(await transport(page).then(({ by, reason }) => ({ by, reason })), { by: 'direct', reason: 'first' });

    // credentials: fetched once, for one model in one region, for minutes, and without the key that would sign anything else
    const { mode, modelId, region, service, expiration, signingKeys, ...rest } = await grant.json();
    assert.deepEqual({ mode, modelId, region, service }, { mode: 'signing-key', modelId: 'amazon.nova-2-sonic-v1:0', region: simulator.region, service: 'bedrock' });
    assert.ok(signingKeys.length > 0 && !('secretAccessKey' in rest));
    assert.ok(Date.parse(expiration) - Date.now() < 3_600_000);
    assert.equal(grant.request().method(), 'POST');

    // asked and answered
    await standing(page, 'speaking');
    await standing(page, 'listening');
    await said(page, 'assistant', 'But the owl knows it.');
    assert.deepEqual(await captions(page), [
        { role: 'user', stage: 'final', text: 'Why is the little fox so sad?' },
        { role: 'assistant', stage: 'final', text: 'She has lost her way. But the owl knows it.' },
    ]);
    const [stream] = await streams(simulator, (found) => found.length === 1);
    assert.deepEqual([stream.transport, stream.tls, stream.end], ['web_socket', true, null]);
    assert.ok(stream.events_received > 60, `${stream.events_received} signed events were verified`);
    assert.match(stream.principal_arn, /assumed-role/);
    const { sts, other_calls } = await control(simulator, 'state');
    assert.deepEqual([sts.issued, other_calls], [1, {}]);

    // played: every sample of the answer came out, in its order, without a gap
    const answer = Int16Array.from([...first.samples, ...second.samples]);
    const samples = await heard(page);
    const at = position(samples, answer);
    assert.notEqual(at, -1, 'the answer was heard');
    assert.equal(agreement(samples, answer, at), answer.length, `of ${answer.length / RATE} s`);
    const times = await timings(page, { click });
    t.diagnostic(JSON.stringify(times));
    assert.ok(times.click_to_first_audio > 0 && times.end_of_speech_to_first_sound > 0, JSON.stringify(times));

    // the end releases everything, on both sides
    await stop(page);
    await standing(page, 'ended');
    const [ended] = await streams(simulator, ([found]) => found.end !== null);
    assert.deepEqual([ended.end, ended.input_ended], ['completed', true]);
    assert.deepEqual(await left(page), { tracks: 0, contexts: 0, workers: 0 });
    const [session, ...others] = await until(() => sessions(backend), ([found]) => found.state !== 'open');
    assert.deepEqual(others, []);
    assert.deepEqual(
        { user: session.user, state: session.state, reason: session.reason, transport: session.transport, messages: session.messages },
        {
            user: 'mila',
            state: 'ended',
            reason: 'hangup',
            transport: 'direct',
            messages: [
                { role: 'user', text: 'Why is the little fox so sad?' },
                { role: 'assistant', text: 'She has lost her way. But the owl knows it.' },
            ],
        },
    );
    assert.deepEqual(await phases(), ['connecting', 'listening', 'thinking', 'speaking', 'listening', 'ended']);
    assert.match(await player(page).getByRole('timer').textContent(), /^0:\d\d$/);
});
