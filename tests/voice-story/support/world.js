// Everything that one test needs: the simulator, the backend, and a page of it with somebody signed in.

import { startSimulator } from '../../interop/node/support/simulator.js';
import { PASSWORD, startBackend } from './backend.js';
import { listeningContext } from './listening.js';
import { openStory, signIn } from './story.js';

/**
 * Starts a simulator and a backend, and opens a story in `browser` as `mila`; all of it ends with `test`. `endpointOf` tells
 * another way to the simulator for pages, `settings` are the backend's, and the rest is for `visit`.
 */
export async function openWorld(test, browser, { scenario, endpointOf, settings, ...visitor } = {}) {
    const t = lastFirst(test);
    const simulator = await startSimulator(t, { scenario, options: ['--control'] });
    const endpoint = await endpointOf?.(t, simulator);
    const backend = await startBackend(t, simulator, { endpoint, settings });
    const world = { t, browser, simulator, backend };
    return { ...world, ...(await visit(world, visitor)) };
}

/** What comes last ends first, so that no page looks for servers that are gone. */
export function lastFirst(t) {
    const endings = [];
    t.after(async () => {
        for (const end of endings.reverse()) await end();
    });
    return { after: (end) => endings.push(end), diagnostic: (message) => t.diagnostic(message) };
}

/** Somebody opens a story in a browser of their own; `listens`: the test hears and times what happens there. */
export async function visit({ t, browser, backend }, { username = 'mila', title, listens = false, options } = {}) {
    const context = await (listens ? listeningContext(browser, options) : browser.newContext(options));
    t.after(() => context.close());
    const page = await context.newPage();
    report(t, page, username);
    await signIn(page, backend.origin, username, PASSWORD);
    await openStory(page, title);
    return { context, page };
}

/** Shows what a page's console said when a test fails. */
export function report(t, page, name) {
    const said = [];
    page.on('console', (message) => said.push(`${name}: ${message.type()}: ${unsigned(message.text())}`));
    page.on('pageerror', (error) => said.push(`${name}: uncaught: ${unsigned(error.message)}`));
    t.after(() => {
        if (said.length > 0) t.diagnostic(said.join('\n'));
    });
}

/** Browsers tell the whole address of a connection that fails, and in it the signature. */
function unsigned(text) {
    return text.replace(/\?X-Amz-[^\s'"]*/g, '?…');
}
