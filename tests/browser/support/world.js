// Everything that one test needs: the simulator, the application's site, and a page of it in a browser.

import { startSimulator } from '../../interop/node/support/simulator.js';
import { startSite } from './site.js';

/** The longest that anything in a test is waited for, ms; the machine may be busy. */
const PATIENCE_MS = 30_000;

/** Starts a simulator and a site, and opens a page in `browser`; all of it ends with `t`. */
export async function openWorld(t, browser, { scenario, simulator: options = [], site: siteOptions, context: contextOptions } = {}) {
    const context = await browser.newContext(contextOptions);
    // the page ends first, or it would look for the others
    t.after(() => context.close());
    const simulator = await startSimulator(t, { scenario, options: ['--control', ...options] });
    const site = await startSite(t, simulator, siteOptions);
    const page = await context.newPage();
    /** What the page's console said: shown when a test fails. */
    const said = [];
    page.on('console', (message) => said.push(`${message.type()}: ${unsigned(message.text())}`));
    page.on('pageerror', (error) => said.push(`uncaught: ${unsigned(error.message)}`));
    t.after(() => {
        if (said.length > 0) t.diagnostic(said.join('\n'));
    });
    await page.goto(site.origin);
    await page.waitForFunction(() => window.app !== undefined);
    return { simulator, site, page, said, context };
}

/** Browsers tell the whole address of a connection that fails, and in it the signature. */
function unsigned(text) {
    return text.replace(/\?X-Amz-[^\s'"]*/g, '?…');
}

/** Options with which a page reaches the simulator straight. */
export function direct({ simulator }) {
    return { credentials: '/grant', endpoint: simulator.wss ?? simulator.https.replace(/^https/, 'wss') };
}

/** Options with which it has the relay as well. */
export function withRelay(world) {
    return { ...direct(world), relay: world.simulator.relay };
}

/** Starts a conversation in the page; what goes wrong is the answer. */
export function start(page, options) {
    return page.evaluate((options) => window.app.start(options), options);
}

/** The events of a kind that the page has had so far. */
export function events(page, name) {
    return page.evaluate((name) => window.app.events.filter((event) => event.name === name), name);
}

/** Waits until the page has had an event of a kind, of which `such` (run in the page) is true; answers it. */
export async function event(page, name, such = () => true, count = 1) {
    const found = await page.waitForFunction(
        ({ name, such, count }) => {
            // eslint-disable-next-line no-new-func -- the test's own words
            const holds = new Function(`return (${such})`)();
            const matching = window.app.events.filter((event) => event.name === name && holds(event.value));
            return matching[count - 1];
        },
        { name, such: such.toString(), count },
        { timeout: PATIENCE_MS, polling: 50 },
    );
    return found.jsonValue();
}

/** Asks the simulator over its control path. */
export async function control(simulator, verb, body) {
    const response = await fetch(new URL(verb, simulator.control), body && { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${verb}: ${response.status} ${await response.text()}`);
    return response.json();
}

/** The streams that the simulator has had, once `holds` is true of them. */
export async function streams(simulator, holds = () => true) {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
        const { streams: found } = await control(simulator, 'streams');
        if (holds(found)) return found;
        if (Date.now() > end) throw new Error(`the simulator saw ${JSON.stringify(found)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}
