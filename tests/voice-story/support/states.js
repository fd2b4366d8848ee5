// Leads a page through everything that it can show, for whoever wants to look at it.

import { fileURLToPath } from 'node:url';

import { startBrowser } from '../../browser/support/chromium.js';
import { startProxy } from '../../browser/support/proxy.js';
import { recording, spoken } from '../../browser/support/wav.js';
import { startSimulator } from '../../interop/node/support/simulator.js';
import { PASSWORD, firstStory, startBackend } from './backend.js';
import { openStory, said, signIn, standing, start, stop, transport } from './story.js';
import { lastFirst, report } from './world.js';

const sentence = (text, name) => ({ text, recording: fileURLToPath(new URL(`../../../nova-sonic-sim/recordings/${name}.wav`, import.meta.url)) });

/** When the child interrupts, seconds after its question: in the middle of the answer. */
const INTERRUPTION_SECONDS = 11;

const FRIEND = `Then something rustled in the leaves. “I am Pip,” said a hedgehog, “and I am not afraid of the dark.” And from that evening on the little fox had a friend.`;

const scenario = (text) => ({
    name: 'looking',
    turns: [
        {
            user: 'Why is the little fox so sad?',
            say: [
                sentence('The little fox is sad because she has lost her way home.', 'fox-lost'),
                sentence('But the old owl knows every path in the forest.', 'fox-owl'),
                sentence('The little fox has lost her way, and the owl has not woken up yet.', 'fox-lost'),
                sentence('Soon the moon will rise, and then the owl will open one eye.', 'fox-owl'),
                sentence('And then, very slowly, the other one.', 'fox-night'),
            ],
        },
        {
            user: 'Wait! Can the fox have a friend, please?',
            say: [sentence('What a lovely idea! Let me change the story.', 'fox-change')],
            tools: [{ name: 'revise_story', input: { wish: 'The little fox has a friend.', text } }],
            then: [sentence('There we are. Now the little fox has a friend.', 'fox-changed')],
        },
    ],
    otherwise: 'listen',
});

/**
 * Leads a page through its states, and calls `look(name, page)` in each: the states that wait for nobody stay for as long as
 * it takes, `speaking` for a few seconds.
 */
export async function visitStates(test, look, options = {}) {
    const t = lastFirst(test);
    const voice = spoken(
        16_000,
        { after: 4, samples: await recording('question.wav') },
        { after: INTERRUPTION_SECONDS, samples: await recording('interruption.wav') },
    );
    const browser = await startBrowser(t, { voice });
    const simulator = await startSimulator(t, { scenario: scenario(`${await firstStory()}\n\n${FRIEND}`) });
    const network = await startProxy(t, simulator.wss ?? simulator.https.replace(/^https/, 'wss'));
    const backend = await startBackend(t, simulator, { endpoint: network.url });
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    t.after(() => context.close());
    const page = await context.newPage();
    report(t, page, 'page');

    await page.goto(`${backend.origin}/`);
    await look('sign-in', page);
    await signIn(page, backend.origin, 'mila', PASSWORD);
    await look('shelf', page);
    await openStory(page);
    await look('ready', page);

    const answer = await held(page, '**/start_voice_session/');
    await start(page);
    await standing(page, 'connecting');
    await look('connecting', page);
    answer();
    await standing(page, 'listening');
    await look('listening', page);
    const revise = await held(page, '**/revise/');
    await standing(page, 'speaking');
    await page.locator('[aria-label="How loud the storyteller is"]:not([aria-valuenow="0"])').waitFor();
    await look('speaking', page);
    await page.locator('.captions li[data-interrupted]').waitFor();
    // while its tool runs, the storyteller thinks
    await page.locator('.captions li[data-stage="final"]').filter({ hasText: 'What a lovely idea!' }).waitFor();
    await standing(page, 'thinking');
    await look('thinking', page);
    revise();
    await page.locator('article[data-revision="2"]').waitFor();
    await said(page, 'assistant', 'Now the little fox has a friend.');
    await page.locator('summary').click();
    await look('interrupted-and-revised', page);
    await page.locator('summary').click();

    await page.getByRole('button', { name: 'Mute microphone' }).click();
    await standing(page, 'waiting');
    await look('muted', page);
    await page.getByLabel('Hold a button').check();
    await look('push-to-talk', page);
    await stop(page);
    await standing(page, 'ended');
    await look('ended', page);

    network.open = false;
    await start(page);
    await transport(page, 'relay');
    await standing(page, 'waiting');
    await look('relay', page);

    const other = await context.newPage();
    await other.goto(backend.origin);
    await openStory(other);
    await start(other);
    await standing(other, 'listening');
    await page.locator('[data-farewell="taken_over"]').waitFor();
    await look('taken-over', page);
    await other.close();

    await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    await start(page);
    await page.locator('.problem[data-code="microphone_denied"]').waitFor();
    await look('microphone-denied', page);
    await context.clearCookies();
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
}

/** Has the next request to `address` wait until the function answered is called. */
async function held(page, address) {
    let go;
    const going = new Promise((resolve) => (go = resolve));
    await page.route(address, (route) => going.then(() => route.continue()), { times: 1 });
    return go;
}
