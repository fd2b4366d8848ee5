// The packed package in pages, as bundlers make them without a word of configuration.

import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startBrowser } from '../browser/support/chromium.js';
import { startBackend } from './support/backend.js';
import { openPage, until } from './support/browser.js';
import { next, viteDev } from './support/bundler.js';
import { NAME, project, say, unpacked } from './support/package.js';
import { finish } from './support/program.js';
import { serve } from './support/server.js';

const LIMIT = { timeout: 400_000 };
const HERE = fileURLToPath(new URL('.', import.meta.url));
/** How the inline copy of the WebAssembly begins, in base64. */
const INLINE = 'AGFzbQEAAAA';
/** The one of `@nova-sonic/web/react`: frameworks put buttons of their own into pages. */
const TALK_BUTTON = 'button[aria-pressed]';

let backend;
let browser;
const endings = [];
before(async () => {
    say('starting the simulator and the browser');
    const file = { after: (end) => endings.unshift(end) };
    backend = await startBackend(file);
    browser = await startBrowser(file);
}, LIMIT);
after(async () => {
    for (const end of endings) await end();
});

/**
 * Presses the button of the page at `address`, waits for the answer and hangs up. Answers what the page saw, and
 * `inline`: whether the inline copies were loaded.
 */
async function talkAt(t, address, button = 'button') {
    const { page, said } = await openPage(t, browser);
    const bodies = [];
    page.on('response', (response) => {
        if (response.request().resourceType() === 'script') bodies.push(response.text().catch(() => ''));
    });
    await page.goto(`${address}#${encodeURIComponent(JSON.stringify(backend.options))}`);
    await page.click(`${button}:not([disabled])`);
    const seen = await until(page, () => window.seen, (seen) => seen?.error || isAnswered(seen), 'an answer', said);
    assert.equal(seen.error, undefined, `${JSON.stringify(seen.error)}\n${said.join('\n')}`);
    assert.deepEqual(
        seen.messages.filter(({ stage }) => stage === 'final').map(({ role, text }) => `${role}: ${text.trim()}`),
        ['user: Will you tell me a story?', 'assistant: Once upon a time. The end.'],
    );
    const inline = (await Promise.all(bodies)).some((body) => body.includes(INLINE));
    return { page, said, inline };
}

function isAnswered({ messages }) {
    return messages.some(({ role, stage, text }) => role === 'assistant' && stage === 'final' && text.includes('The end.'));
}

async function forbiddenBy(page) {
    return page.evaluate(() => window.forbidden);
}

/** What a careful site allows: its own files, WebAssembly, its credentials endpoint and the service. */
function strictPolicy() {
    const connect = ["'self'", ...backend.origins].join(' ');
    return {
        'Content-Security-Policy': [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            `connect-src ${connect}`,
            "base-uri 'none'",
        ].join('; '),
    };
}

/** A page of three files that imports the package by its address. */
async function plainSite(t, packageAddress) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-sonic-plain-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await cp(join(HERE, 'plain'), folder, { recursive: true });
    const talk = await readFile(join(HERE, 'app/talk.js'), 'utf8');
    assert.ok(talk.includes(`'${NAME}'`));
    await writeFile(join(folder, 'talk.js'), talk.replace(`'${NAME}'`, `'${packageAddress}'`));
    return folder;
}

test('plain <script type=module>, under a strict policy', LIMIT, async (t) => {
    const files = await unpacked(t);
    const origin = await serve(t, await plainSite(t, '/package/dist/index.js'), {
        headers: strictPolicy(),
        paths: { '/package/': files },
    });
    const { page, inline } = await talkAt(t, `${origin}/`);
    assert.equal(inline, false);
    assert.deepEqual(await forbiddenBy(page), []);
});

test('a CDN: the package from another origin, under a policy that allows its inline copies', LIMIT, async (t) => {
    const cdn = await serve(t, await unpacked(t), { headers: { 'Access-Control-Allow-Origin': '*' } });
    const policy = [
        "default-src 'none'",
        `script-src 'self' ${cdn} blob: 'wasm-unsafe-eval'`,
        'worker-src blob:',
        `connect-src ${backend.origins.join(' ')}`,
    ].join('; ');
    const origin = await serve(t, await plainSite(t, `${cdn}/dist/index.js`), { headers: { 'Content-Security-Policy': policy } });
    const { inline } = await talkAt(t, `${origin}/`);
    assert.equal(inline, true);
});

test('Vite 8 dev', LIMIT, async (t) => {
    const { inline } = await talkAt(t, `${await viteDev(t, 'vite-8')}/`);
    assert.equal(inline, false);
});

test('Vite 8 build, under a strict policy', LIMIT, async (t) => {
    const folder = await project(t, 'vite-8');
    await finish(folder, 'vite/bin/vite.js', ['build']);
    const origin = await serve(t, join(folder, 'dist'), { headers: strictPolicy() });
    const { page, inline } = await talkAt(t, `${origin}/`);
    assert.equal(inline, false);
    assert.deepEqual(await forbiddenBy(page), []);
});

test('Vite 7 dev, which moves the module away from its files: the inline copies', LIMIT, async (t) => {
    const { inline } = await talkAt(t, `${await viteDev(t, 'vite-7')}/`);
    assert.equal(inline, true);
});

test('Vite 7 dev with the package left where it is', LIMIT, async (t) => {
    const exclude = `export default { optimizeDeps: { exclude: ['${NAME}'] } };\n`;
    const { inline } = await talkAt(t, `${await viteDev(t, 'vite-7', { 'vite.config.js': exclude })}/`);
    assert.equal(inline, false);
});

test('webpack 5, under a strict policy', LIMIT, async (t) => {
    const folder = await project(t, 'webpack-5');
    await finish(folder, 'webpack-cli/bin/cli.js', ['--mode', 'production']);
    await mkdir(join(folder, 'dist'), { recursive: true });
    await cp(join(folder, 'index.html'), join(folder, 'dist/index.html'));
    const origin = await serve(t, join(folder, 'dist'), { headers: strictPolicy() });
    const { page, inline } = await talkAt(t, `${origin}/`);
    assert.equal(inline, false);
    assert.deepEqual(await forbiddenBy(page), []);
});

test('Next dev', LIMIT, async (t) => {
    const folder = await project(t, 'next-16');
    const { inline, said } = await talkAt(t, await next(t, folder, 'dev'), TALK_BUTTON);
    assert.equal(inline, false);
    assert.deepEqual(said.filter((line) => /hydrat|did not match/i.test(line)), []);
});

test('Next build', LIMIT, async (t) => {
    const folder = await project(t, 'next-16');
    await finish(folder, 'next/dist/bin/next', ['build']);
    const { inline, said } = await talkAt(t, await next(t, folder, 'start'), TALK_BUTTON);
    assert.equal(inline, false);
    assert.deepEqual(said.filter((line) => /hydrat|did not match/i.test(line)), []);
});
