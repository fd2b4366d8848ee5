// The same conversations in another engine than Chromium's, with real microphones and loudspeakers as programs see them.

import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startSound } from '../support/pulse.js';
import { connections } from './connections.js';
import { devices } from './devices.js';
import { talking } from './talking.js';

const SCREENSHOTS = process.env.SCREENSHOTS ?? fileURLToPath(new URL('../../../target/browser-screenshots/', import.meta.url));

/** Runs them all in one browser, one after the other. */
export function everywhere(engine) {
    if (engine.missing !== undefined) {
        test(`a page that talks, in ${engine.name}`, { skip: engine.missing });
        return;
    }
    const endings = [];
    const { name, choosesLoudspeaker } = engine;
    /** There once the tests run. */
    const stage = { name, choosesLoudspeaker, sound: undefined, browser: undefined, picture: undefined };
    before(async () => {
        await mkdir(SCREENSHOTS, { recursive: true });
        const t = { after: (end) => endings.unshift(end) };
        stage.picture = `${SCREENSHOTS}${name.toLowerCase()}.png`;
        stage.sound = await startSound(t);
        stage.browser = await engine.start(t, stage.sound);
    });
    after(async () => {
        for (const end of endings) await end();
    });
    for (const part of [talking, connections, devices]) part(stage);
}
