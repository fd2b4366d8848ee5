// `npm run screenshots`: takes the pictures of the documentation anew, one of each state, with some by night and on a phone.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { visitStates } from './support/states.js';

const FOLDER = fileURLToPath(new URL('../../docs/screenshots/voice-story/', import.meta.url));
const DESK = { width: 1240, height: 940 };
const PHONE = { width: 390, height: 780 };
/** Which states are shown in another light, or on another screen, as well. */
const BY_NIGHT = new Set(['shelf', 'speaking', 'interrupted-and-revised']);
const ON_A_PHONE = new Set(['ready', 'listening', 'interrupted-and-revised', 'push-to-talk', 'ended', 'microphone-denied']);

const endings = [];
const run = { after: (end) => endings.push(end), diagnostic: (message) => console.error(message) };
try {
    await rm(FOLDER, { recursive: true, force: true });
    await mkdir(FOLDER, { recursive: true });
    await visitStates(run, look, { viewport: DESK });
} finally {
    for (const end of endings) await end();
}

async function look(state, page) {
    await page.emulateMedia({ colorScheme: 'light' });
    await take(state, page);
    if (BY_NIGHT.has(state)) {
        await page.emulateMedia({ colorScheme: 'dark' });
        await take(`${state}-by-night`, page);
        await page.emulateMedia({ colorScheme: 'light' });
    }
    if (ON_A_PHONE.has(state)) {
        await page.setViewportSize(PHONE);
        await take(`${state}-on-a-phone`, page);
        await page.setViewportSize(DESK);
    }
}

async function take(name, page) {
    // what Playwright takes itself is several times as large
    const browser = await page.context().newCDPSession(page);
    const { data } = await browser.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
    await browser.detach();
    await writeFile(`${FOLDER}${name}.webp`, Buffer.from(data, 'base64'));
    console.log(`${name}.webp`);
}
