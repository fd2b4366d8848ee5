// The pages of the guide, as they stand there: in a project of Vite, with the packed package, in Chromium. Bedrock's host leads to
// the simulator, which has a certificate in its name, so that not a word of the pages is changed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { startBrowser } from '../browser/support/chromium.js';
import { issueGrant } from '../interop/node/support/grants.js';
import { startSimulator } from '../interop/node/support/simulator.js';
import { STORY } from './support/backend.js';
import { openPage, until } from './support/browser.js';
import { viteDev } from './support/bundler.js';
import { say } from './support/package.js';

const LIMIT = { timeout: 400_000 };
const HOST = 'bedrock-runtime.us-east-1.amazonaws.com';
const example = (name) => readFile(new URL(`../../docs/examples/page/${name}`, import.meta.url), 'utf8');

/** Puts a component of the guide into a page. */
const MOUNT = (name, properties) => `
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { ${name} } from '../${name}.tsx';
createRoot(document.querySelector('#root')).render(createElement(${name}, ${JSON.stringify(properties)}));
`;
const EMPTY = '<!doctype html><html lang="en"><title>Guide</title><body><div id="root"></div><script type="module" src="/src/main.ts"></script></body></html>';

let simulator;
let browser;
const endings = [];
before(async () => {
    say('starting the simulator and the browser');
    const file = { after: (end) => endings.unshift(end) };
    simulator = await startSimulator(file, { scenario: STORY });
    const { port } = new URL(simulator.https);
    browser = await startBrowser(file, { options: [`--host-resolver-rules=MAP ${HOST}:443 localhost:${port}`] });
}, LIMIT);
after(async () => {
    for (const end of endings) await end();
});

/** Opens a page of these files whose server issues credentials. */
async function open(t, files) {
    const address = await viteDev(t, 'vite-8', files);
    const { page, said } = await openPage(t, browser);
    await page.route('**/api/aws-credentials/', async (route) => {
        const { grant } = await issueGrant(simulator, { plain: false });
        await route.fulfill({ json: grant, headers: { 'Cache-Control': 'no-store' } });
    });
    await page.goto(`${address}/`);
    return { page, said };
}

const answered = (text) => text.includes('Will you tell me a story?') && text.includes('The end.');

test('the page without a framework', LIMIT, async (t) => {
    const { page, said } = await open(t, { 'index.html': await example('page.html'), 'src/main.ts': await example('talk.ts') });
    await page.click('#talk');
    await until(page, () => document.querySelector('#captions').textContent, answered, 'captions', said);
    assert.equal(await page.textContent('#problem'), '');
    await page.click('#stop');
});

test('the page in React', LIMIT, async (t) => {
    const files = {
        'index.html': EMPTY,
        'Story.tsx': await example('Story.tsx'),
        'src/main.ts': MOUNT('Story', { id: 7, text: 'There was an owl.' }),
    };
    const { page, said } = await open(t, files);
    await page.click('button[aria-pressed]');
    await until(page, () => document.body.textContent, answered, 'captions', said);
    assert.match(await page.textContent('[role="status"]'), /, by direct$/);
});

test('the client of a page that records and plays for itself', LIMIT, async (t) => {
    const main = `
        import { talk } from '../client.ts';
        window.seen = { bytes: 0, texts: [] };
        window.talking = talk((pcm) => (window.seen.bytes += pcm.byteLength), (text) => window.seen.texts.push(text));
    `;
    const { page, said } = await open(t, { 'index.html': EMPTY, 'client.ts': await example('client.ts'), 'src/main.ts': main });
    await page.evaluate(async () => (await window.talking).sendText('Will you tell me a story?'));
    const seen = await until(page, () => window.seen, ({ texts }) => texts.join(' ').includes('The end.'), 'texts', said);
    assert.ok(seen.bytes > 4800, `${seen.bytes} bytes of sound`);
    await page.evaluate(async () => (await window.talking).close());
});
