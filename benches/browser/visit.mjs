// A page of the bench in a browser of its own: what one measurement left behind is none of the next one's.

import { setTimeout as sleep } from 'node:timers/promises';

import { startBrowser } from '../../tests/browser/support/chromium.js';
import { Model } from './model.mjs';

/** Frames after which a conversation is under way. */
const UNDER_WAY = 20;

/** Opens the page, lets `measure` have it, and ends the browser. */
export async function visit(server, measure) {
    const endings = [];
    try {
        const browser = await startBrowser({ after: (end) => endings.unshift(end) });
        const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
        const said = [];
        page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
        page.on('pageerror', (error) => said.push(`uncaught: ${error.message}`));
        try {
            await page.goto(server.origin);
            await page.waitForFunction(() => globalThis.bench !== undefined);
            return await measure({ page, browser });
        } catch (error) {
            if (said.length > 0) error.message += `\nthe page said:\n${said.join('\n')}`;
            throw error;
        }
    } finally {
        for (const end of endings) await end();
    }
}

/** Begins a conversation in the page, through an ear if `listening`; answers its stream and the model at the other end. */
export async function converse({ page }, server, subject, { listening }) {
    const begun = page.evaluate(
        async ({ subject, listening }) => {
            const { bench } = globalThis;
            bench.conversation = await bench.subjects[subject](listening ? await bench.listen() : undefined);
        },
        { subject, listening },
    );
    const stream = await Promise.race([server.stream(), begun.then(() => new Promise(() => {}))]);
    while (stream.count < UNDER_WAY && stream.open) await sleep(50);
    const model = new Model(stream.send);
    // the SDK's stream is open to its caller when the service has said something
    model.hears('Tell me a story.');
    await begun;
    return { stream, model };
}

/** Ends it in order; throws if something went wrong meanwhile. */
export async function hangUp({ page }) {
    const errors = await page.evaluate(async () => {
        const { conversation } = globalThis.bench;
        await conversation.close();
        return conversation.errors;
    });
    if (errors.length > 0) throw new Error(`the conversation had errors: ${errors.join(', ')}`);
}
