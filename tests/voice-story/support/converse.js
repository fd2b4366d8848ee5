// One spoken exchange with a story player that runs somewhere: what was said, by which way, and how long it took.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { startBrowser } from '../../browser/support/chromium.js';
import { listeningContext, timings } from './listening.js';
import { captions, openStory, player, signIn, standing, start, stop, transport } from './story.js';

/**
 * Opens the page at `origin` in headless Chromium, signs in, takes a story (`title`, or the first on the shelf), says
 * `voice` (samples at 16 kHz; by default somebody asks why the fox is sad) and waits for the answer to be spoken.
 *
 * Answers `{ ok, transport, transcript, timings_ms, usage, screenshots }`; what went wrong is `error`, and `ok` then false.
 * Pictures of the page go into the folder `screenshots`, if one is given.
 */
export async function converse({ origin, username, password, title, voice, screenshots: folder }) {
    const endings = [];
    const screenshots = [];
    let page;
    const picture = async (name) => {
        if (folder === undefined || page === undefined) return;
        await mkdir(folder, { recursive: true });
        const path = join(folder, `${name}.png`);
        await page.screenshot({ path });
        screenshots.push(path);
    };
    try {
        const browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice });
        const context = await listeningContext(browser, { viewport: { width: 1280, height: 900 } });
        endings.unshift(() => context.close());
        page = await context.newPage();
        await signIn(page, origin, username, password);
        await openStory(page, title);
        await picture('ready');

        const click = await start(page);
        await Promise.race([standing(page, 'listening'), failure(page)]);
        await picture('listening');
        await Promise.race([standing(page, 'speaking'), failure(page)]);
        await picture('speaking');
        await Promise.race([standing(page, 'listening'), failure(page)]);
        const carried = await transport(page);
        const timings_ms = await timings(page, { click });
        await picture('answered');

        // what the page reports of its end
        const reported = page.waitForRequest(/\/end_voice_session\/$/);
        await stop(page);
        const { usage } = (await reported).postDataJSON();
        await standing(page, 'ended');
        await picture('ended');
        const transcript = (await captions(page)).map(({ role, text, stage }) => ({ role, text, stage }));
        const ok = transcript.some(({ role }) => role === 'user') && transcript.some(({ role, stage }) => role === 'assistant' && stage === 'final');
        return { ok, transport: carried.by, transport_reason: carried.reason, transcript, timings_ms, usage, screenshots };
    } catch (error) {
        await picture('failed').catch(() => {});
        return { ok: false, error: { message: error.message }, screenshots };
    } finally {
        for (const end of endings) await end();
    }
}

/** Rejects with what the page says, once it says that something went wrong. */
async function failure(page) {
    const problem = player(page).locator('.problem');
    // waits as long as the conversation: whoever races with it has a patience of its own
    await problem.waitFor({ timeout: 0 }).catch(() => new Promise(() => {}));
    const { code, text } = await problem.evaluate(({ dataset, innerText }) => ({ code: dataset.code, text: innerText }));
    throw new Error(`the page says “${text.split('\n')[0]}” (${code})`);
}
