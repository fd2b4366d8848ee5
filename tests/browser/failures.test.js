// Everything that can go wrong at the start is a typed error with advice, within a second where the browser tells.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startBrowser } from './support/chromium.js';
import { direct, events, openWorld, start } from './support/world.js';

const SCREENSHOTS = process.env.SCREENSHOTS ?? fileURLToPath(new URL('../../target/browser-screenshots/', import.meta.url));

let browser;
const endings = [];
before(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    browser = await startBrowser({ after: (end) => endings.unshift(end) });
});
after(async () => {
    for (const end of endings) await end();
});

/** Starts, and answers the error; a picture of the page is kept. */
async function failureOf(page, options, { within = 2_500 } = {}) {
    const failure = await start(page, options);
    assert.ok(failure, 'it fails');
    await page.screenshot({ path: `${SCREENSHOTS}${failure.code}.png` });
    assert.equal(failure.name, 'VoiceError');
    assert.ok(failure.message.length > 10, 'it says what happened');
    assert.ok(failure.advice.length > 10, 'it says what to do');
    assert.match(failure.blame, /^(caller|model|service|network|user)$/);
    assert.ok(failure.ms < within, `it took ${failure.ms} ms`);
    assert.equal(await page.evaluate(() => window.app.session.state), 'closed');
    const [{ value }] = await events(page, 'closed');
    assert.equal(value.reason, failure.code);
    return failure;
}

test('the microphone is not allowed', async (t) => {
    const own = await startBrowser(t, { allowed: false });
    const { page, ...world } = await openWorld(t, own);
    assert.equal((await failureOf(page, direct(world))).code, 'microphone_denied');
});

test('there is no microphone', async (t) => {
    const own = await startBrowser(t, { device: false });
    const { page, ...world } = await openWorld(t, own);
    assert.equal((await failureOf(page, direct(world))).code, 'microphone_missing');
});

for (const [name, code] of [
    ['NotReadableError', 'microphone_busy'],
    ['OverconstrainedError', 'microphone_unsuitable'],
]) {
    test(`the browser says ${name}`, async (t) => {
        const { page, ...world } = await openWorld(t, browser);
        await page.evaluate((name) => {
            navigator.mediaDevices.getUserMedia = async () => {
                throw new DOMException('not now', name);
            };
        }, name);
        assert.equal((await failureOf(page, direct(world))).code, code);
    });
}

test('the page forbids itself the microphone', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { site: { permissions: 'microphone=()' } });
    assert.equal((await failureOf(page, direct(world))).code, 'policy_blocked');
});

test('the page is not secure', async (t) => {
    const own = await startBrowser(t, { options: ['--host-resolver-rules=MAP app.test 127.0.0.1'] });
    const { page, site, ...world } = await openWorld(t, own);
    await page.goto(site.origin.replace('localhost', 'app.test'));
    await page.waitForFunction(() => window.app !== undefined);
    assert.equal((await failureOf(page, direct(world))).code, 'insecure_page');
});

test('an option is wrong', async (t) => {
    const { page, ...world } = await openWorld(t, browser);
    const failure = await failureOf(page, { ...direct(world), turnDetection: 'sometimes' });
    assert.equal(failure.code, 'configuration_invalid');
    assert.match(failure.message, /turnDetection/);
    assert.equal((await start(page, {})).code, 'credentials_missing');
    assert.equal((await start(page, { ...direct(world), idleSeconds: -1 })).code, 'configuration_invalid');
});

for (const [what, answer, code] of [
    ['nobody is signed in', { status: 401, body: { error: { code: 'sign_in_required', message: 'Sign in first.' } } }, 'sign_in_required'],
    ['the user may not talk', { status: 403, body: { error: { code: 'not_authorized', message: 'Not you.' } } }, 'not_authorized'],
    ['the user has talked enough', { status: 429, body: 'slow down', headers: { 'Retry-After': '30' } }, 'limit_exceeded'],
    ['the endpoint is broken', { status: 500, body: 'sorry' }, 'credentials_refused'],
    ['the endpoint answers with a page', { body: '<html>', headers: { 'Content-Type': 'text/html' } }, 'credentials_refused'],
    ['the endpoint answers nonsense', { body: '{"hello":"there"}' }, 'grant_invalid'],
]) {
    test(`credentials: ${what}`, async (t) => {
        const { page, site, ...world } = await openWorld(t, browser);
        site.answer = answer;
        const failure = await failureOf(page, direct(world));
        assert.equal(failure.code, code);
        if (code === 'limit_exceeded') assert.match(failure.message, /30 s/);
    });
}

test('credentials: the endpoint cannot be reached', async (t) => {
    const { page, ...world } = await openWorld(t, browser);
    const failure = await failureOf(page, { ...direct(world), credentials: 'http://localhost:9/grant' });
    assert.equal(failure.code, 'credentials_unreachable');
});

test('credentials: they have expired', async (t) => {
    const { page, site, ...world } = await openWorld(t, browser);
    const past = (seconds) => `${new Date(Date.now() - 1000 * seconds).toISOString().slice(0, 19)}Z`;
    site.answer = (grant) => {
        const { serverTime: _told, ...rest } = grant;
        return { ...rest, serverTime: past(5), openBefore: past(3), expiration: past(1) };
    };
    assert.equal((await failureOf(page, direct(world))).code, 'credentials_expired');
});

test('AWS denies the model', async (t) => {
    const { page, ...world } = await openWorld(t, browser);
    const failure = await failureOf(page, { ...direct(world), model: 'amazon.nova-2-5-sonic' });
    assert.equal(failure.code, 'access_denied');
});

test('AWS does not know the key', async (t) => {
    const { page, site, ...world } = await openWorld(t, browser);
    site.answer = (grant) => ({ ...grant, accessKeyId: 'ASIAIOSFODNN7EXAMPLE' });
    assert.equal((await failureOf(page, direct(world))).code, 'credentials_invalid');
});

test("this machine's clock is an hour off, and the credentials do not say what time it is", async (t) => {
    const { page, site, ...world } = await openWorld(t, browser, { simulator: ['--clock-skew', '3600'] });
    site.grantOptions = { plain: true };
    const { grant } = await issued(world, site);
    const { serverTime: _time, openBefore: _before, ...aged } = grant;
    site.answer = { body: aged, headers: { Date: new Date(Date.now() + 3_600_000).toUTCString() } };
    const failure = await failureOf(page, direct(world));
    assert.equal(failure.code, 'clock_skewed');
    assert.match(failure.message, /60 minutes behind/);
});

test("this machine's clock is an hour off, and the grant corrects it", async (t) => {
    const { page, ...world } = await openWorld(t, browser, { simulator: ['--clock-skew', '3600'] });
    world.site.answer = undefined;
    const { grant } = await issued(world, world.site);
    world.site.answer = { body: { ...grant, serverTime: `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z` } };
    assert.equal(await start(page, direct(world)), undefined);
});

async function issued({ simulator }, { grantOptions }) {
    const { issueGrant } = await import('../interop/node/support/grants.js');
    return issueGrant(simulator, grantOptions);
}

test('too many conversations at once', async (t) => {
    const { page, context, site, ...world } = await openWorld(t, browser, { simulator: ['--max-streams', '1'] });
    assert.equal(await start(page, direct(world)), undefined);
    const other = await context.newPage();
    await other.goto(site.origin);
    await other.waitForFunction(() => window.app !== undefined);
    assert.equal((await failureOf(other, direct(world))).code, 'throttled');
});

test('the region has no such endpoint', async (t) => {
    const own = await startBrowser(t, {
        options: ['--host-resolver-rules=MAP bedrock-runtime.us-east-1.amazonaws.com:443 127.0.0.1:PORT, MAP * ~NOTFOUND, EXCLUDE localhost'],
    });
    const { page, site, ...world } = await openWorld(t, own);
    site.answer = (grant) => ({ ...grant, region: 'mars-north-1' });
    const { credentials } = direct(world);
    // no host of AWS can be reached from here
    const failure = await failureOf(page, { credentials });
    assert.equal(failure.code, 'network_blocked');
    assert.match(failure.message, /bedrock-runtime\.mars-north-1/);
});

test('nothing answers in time', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { scenario: { name: 'silent', opening: 'silence', turns: [] } });
    const failure = await failureOf(page, { ...direct(world), connectTimeout: 700 });
    assert.equal(failure.code, 'open_timeout');
});

test("the page's policy does not allow the connection", async (t) => {
    const { page, ...world } = await openWorld(t, browser, {
        site: { policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'" },
    });
    const failure = await failureOf(page, direct(world));
    assert.equal(failure.code, 'csp_blocked');
    assert.match(failure.message, /wss:\/\/localhost/);
});

test('the machine is offline', async (t) => {
    const { page, context, ...world } = await openWorld(t, browser);
    await page.evaluate(() => fetch('/dist/worker.js').then((response) => response.text()));
    // the worker starts before the network is gone, as it does on a page that was loaded a while ago
    await page.evaluate(() => {
        window.app.extra.credentials = { url: '/grant', headers: () => window.gone };
        window.gone = new Promise((resolve) => (window.goOn = resolve));
    });
    const { endpoint } = direct(world);
    const failing = failureOf(page, { endpoint }, { within: 10_000 });
    await page.waitForFunction(() => window.app.session?.inputDevice !== undefined);
    await page.waitForTimeout(500);
    await context.setOffline(true);
    await page.evaluate(() => window.goOn({}));
    assert.equal((await failing).code, 'offline');
});

test('the worker is not there, and neither are its copies', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { site: { missing: ['worker.js'] } });
    assert.equal((await failureOf(page, { ...direct(world), assets: { inline: false } })).code, 'worker_failed');
});

test('the WebAssembly is not there', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { site: { missing: ['engine_bg.wasm'] } });
    assert.equal((await failureOf(page, { ...direct(world), assets: { inline: false } })).code, 'wasm_failed');
});

test('a worklet is not there', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { site: { missing: ['playback.js'] } });
    assert.equal((await failureOf(page, { ...direct(world), assets: { inline: false } })).code, 'worklet_failed');
});

test('files that are not there are taken from the copy', async (t) => {
    const missing = ['worker.js', 'engine_bg.wasm', 'capture.js', 'playback.js'];
    const { page, ...world } = await openWorld(t, browser, { site: { missing } });
    assert.equal(await start(page, direct(world)), undefined);
});

test('a strict policy is enough', async (t) => {
    const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; connect-src 'self' wss://localhost:*";
    const { page, said, ...world } = await openWorld(t, browser, { site: { policy } });
    assert.equal(await start(page, direct(world)), undefined);
    assert.deepEqual(said.filter((line) => /Content.Security/i.test(line)), []);
});
