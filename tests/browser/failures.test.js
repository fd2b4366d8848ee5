// Everything that can go wrong at the start is a typed error with advice, within a second where the browser tells.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { issueGrant } from '../interop/node/support/grants.js';
import { startSimulator } from '../interop/node/support/simulator.js';
import { startBrowser } from './support/chromium.js';
import { control, direct, events, openWorld, start } from './support/world.js';

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
async function failureOf(t, page, options) {
    const failure = await start(page, options);
    assert.ok(failure, 'it fails');
    await page.screenshot({ path: `${SCREENSHOTS}${failure.code}.png` });
    assert.equal(failure.name, 'VoiceError');
    assert.ok(failure.message.length > 10, 'it says what happened');
    assert.ok(failure.advice.length > 10, 'it says what to do');
    assert.match(failure.blame, /^(caller|model|service|network|user)$/);
    t.diagnostic(`${failure.code} after ${Math.round(failure.ms)} ms: ${failure.message}; ${failure.advice}`);
    assert.equal(await page.evaluate(() => window.app.session.state), 'closed');
    const [{ value }] = await events(page, 'closed');
    assert.equal(value.reason, failure.code);
    return failure;
}

test('the microphone is not allowed', async (t) => {
    const own = await startBrowser(t, { allowed: false });
    const { page, ...world } = await openWorld(t, own);
    assert.equal((await failureOf(t, page, direct(world))).code, 'microphone_denied');
});

test('there is no microphone', async (t) => {
    const own = await startBrowser(t, { device: false });
    const { page, ...world } = await openWorld(t, own);
    assert.equal((await failureOf(t, page, direct(world))).code, 'microphone_missing');
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
        assert.equal((await failureOf(t, page, direct(world))).code, code);
    });
}

test('the page forbids itself the microphone', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { site: { permissions: 'microphone=()' } });
    assert.equal((await failureOf(t, page, direct(world))).code, 'policy_blocked');
});

test('the page is not secure', async (t) => {
    const own = await startBrowser(t, { options: ['--host-resolver-rules=MAP app.test 127.0.0.1'] });
    const { page, site, ...world } = await openWorld(t, own);
    await page.goto(site.origin.replace('localhost', 'app.test'));
    await page.waitForFunction(() => window.app !== undefined);
    assert.equal((await failureOf(t, page, direct(world))).code, 'insecure_page');
});

test('an option is wrong', async (t) => {
    const { page, ...world } = await openWorld(t, browser);
    const failure = await failureOf(t, page, { ...direct(world), turnDetection: 'sometimes' });
    assert.equal(failure.code, 'configuration_invalid');
    assert.match(failure.message, /turnDetection/);
    assert.equal((await start(page, {})).code, 'credentials_missing');
    assert.equal((await start(page, { ...direct(world), idleSeconds: -1 })).code, 'configuration_invalid');
});

for (const [what, answer, code] of [
    ['nobody is signed in', { status: 401, body: { error: { code: 'sign_in_required', message: 'Sign in first.' } } }, 'sign_in_required'],
    ['the user may not talk', { status: 403, body: { error: { code: 'not_authorized', message: 'You may not talk here.' } } }, 'not_authorized'],
    ['the user has talked enough', { status: 429, body: 'slow down', headers: { 'Retry-After': '30' } }, 'limit_exceeded'],
    ['the endpoint is broken', { status: 500, body: 'sorry' }, 'credentials_refused'],
    ['the endpoint answers with a page', { body: '<html>', headers: { 'Content-Type': 'text/html' } }, 'credentials_refused'],
    ['the endpoint answers nonsense', { body: '{"hello":"there"}' }, 'grant_invalid'],
]) {
    test(`credentials: ${what}`, async (t) => {
        const { page, site, ...world } = await openWorld(t, browser);
        site.answer = answer;
        const failure = await failureOf(t, page, direct(world));
        assert.equal(failure.code, code);
        if (code === 'limit_exceeded') assert.match(failure.message, /30 s/);
    });
}

test('credentials: the endpoint cannot be reached', async (t) => {
    const { page, ...world } = await openWorld(t, browser);
    const failure = await failureOf(t, page, { ...direct(world), credentials: 'http://localhost:9/grant' });
    assert.equal(failure.code, 'credentials_unreachable');
});

test('credentials: it is too late to open a stream with them', async (t) => {
    const { page, site, ...world } = await openWorld(t, browser);
    site.answer = (grant) => ({ ...grant, openBefore: grant.serverTime });
    assert.equal((await failureOf(t, page, direct(world))).code, 'credentials_expired');
});

test('credentials: they have ended meanwhile, and AWS says so', async (t) => {
    const { page, site, ...world } = await openWorld(t, browser);
    const { grant } = await issueGrant(world.simulator, { plain: false });
    await control(world.simulator, 'clock', { offset_ms: 1_000_000 });
    const time = (ms) => `${new Date(Date.now() + ms).toISOString().slice(0, 19)}Z`;
    // what the page is told is wrong
    site.answer = { body: { ...grant, serverTime: time(1_000_000), openBefore: time(1_060_000), expiration: time(1_900_000) } };
    const failure = await failureOf(t, page, direct(world));
    // late in the evening the keys are for the day before
    assert.ok(['credentials_expired', 'signing_key_missing'].includes(failure.code), failure.code);
});

test('AWS denies the model', async (t) => {
    const { page, ...world } = await openWorld(t, browser);
    const failure = await failureOf(t, page, { ...direct(world), model: 'amazon.nova-2-5-sonic' });
    assert.equal(failure.code, 'access_denied');
});

test('AWS does not know the key', async (t) => {
    const { page, site, ...world } = await openWorld(t, browser);
    site.answer = (grant) => ({ ...grant, accessKeyId: 'ASIAIOSFODNN7EXAMPLE' });
    assert.equal((await failureOf(t, page, direct(world))).code, 'credentials_invalid');
});

/** Ten minutes, to the side on which the date is the same. */
function skewMilliseconds() {
    const now = new Date();
    return now.getUTCHours() === 0 && now.getUTCMinutes() < 15 ? 600_000 : -600_000;
}

test("this machine's clock is off, and the credentials do not say what time it is", async (t) => {
    const { page, site, ...world } = await openWorld(t, browser);
    const { grant } = await issueGrant(world.simulator, { plain: true });
    const skew = skewMilliseconds();
    await control(world.simulator, 'clock', { offset_ms: skew });
    const { serverTime: _time, openBefore: _before, ...silent } = grant;
    site.answer = { body: silent, headers: { Date: new Date(Date.now() + skew).toUTCString() } };
    const failure = await failureOf(t, page, direct(world));
    assert.equal(failure.code, 'clock_skewed');
    assert.match(failure.message, /10 minutes/);
});

test("this machine's clock is off, and the grant corrects it", async (t) => {
    const { page, site, ...world } = await openWorld(t, browser);
    const { grant } = await issueGrant(world.simulator, { plain: false });
    const skew = skewMilliseconds();
    await control(world.simulator, 'clock', { offset_ms: skew });
    const serverTime = `${new Date(Date.now() + skew).toISOString().slice(0, 19)}Z`;
    site.answer = { body: { ...grant, serverTime } };
    assert.equal(await start(page, direct(world)), undefined);
});

test('too many conversations at once', async (t) => {
    const { page, context, site, ...world } = await openWorld(t, browser, { simulator: ['--max-streams', '1'] });
    assert.equal(await start(page, direct(world)), undefined);
    const other = await context.newPage();
    await other.goto(site.origin);
    await other.waitForFunction(() => window.app !== undefined);
    assert.equal((await failureOf(t, other, direct(world))).code, 'throttled');
});

test('the region is none of AWS', async (t) => {
    const { page, site } = await openWorld(t, browser);
    site.answer = (grant) => ({ ...grant, region: 'mars-north-1' });
    assert.equal((await failureOf(t, page, { credentials: '/grant' })).code, 'region_unknown');
});

test('the region has no endpoint, and another one has', async (t) => {
    const aws = await startSimulator(t);
    const rules = `MAP bedrock-runtime.us-east-1.amazonaws.com:443 localhost:${new URL(aws.https).port}, MAP bedrock-runtime.* ~NOTFOUND`;
    const own = await startBrowser(t, { options: [`--host-resolver-rules=${rules}`] });
    const { page, site } = await openWorld(t, own);
    site.answer = (grant) => ({ ...grant, region: 'us-west-2' });
    assert.equal((await failureOf(t, page, { credentials: '/grant' })).code, 'region_unknown');
});

test('the network lets nothing through to AWS', async (t) => {
    const own = await startBrowser(t, { options: ['--host-resolver-rules=MAP *.amazonaws.com ~NOTFOUND'] });
    const { page } = await openWorld(t, own);
    const failure = await failureOf(t, page, { credentials: '/grant' });
    assert.equal(failure.code, 'network_blocked');
    assert.match(failure.message, /bedrock-runtime\.us-east-1\.amazonaws\.com/);
    assert.match(failure.advice, /relay/);
});

test('nothing answers in time', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { scenario: { name: 'silent', opening: 'silence', turns: [] } });
    const failure = await failureOf(t, page, { ...direct(world), connectTimeout: 700 });
    assert.equal(failure.code, 'open_timeout');
});

test("the page's policy does not allow the connection", async (t) => {
    const { page, ...world } = await openWorld(t, browser, {
        site: { policy: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'" },
    });
    const failure = await failureOf(t, page, direct(world));
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
    const failing = failureOf(t, page, { endpoint });
    await page.waitForFunction(() => window.app.session?.inputDevice !== undefined);
    await page.waitForTimeout(500);
    await context.setOffline(true);
    await page.evaluate(() => window.goOn({}));
    assert.equal((await failing).code, 'offline');
});

test('the worker is not there, and neither are its copies', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { site: { missing: ['worker.js'] } });
    assert.equal((await failureOf(t, page, { ...direct(world), assets: { inline: false } })).code, 'worker_failed');
});

test('the WebAssembly is not there', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { site: { missing: ['engine_bg.wasm'] } });
    assert.equal((await failureOf(t, page, { ...direct(world), assets: { inline: false } })).code, 'wasm_failed');
});

test('a worklet is not there', async (t) => {
    const { page, ...world } = await openWorld(t, browser, { site: { missing: ['playback.js'] } });
    assert.equal((await failureOf(t, page, { ...direct(world), assets: { inline: false } })).code, 'worklet_failed');
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
