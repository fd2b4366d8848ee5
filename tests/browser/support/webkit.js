// WebKitGTK's small browser, driven as the W3C's WebDriver has it, with a screen and a sound system of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

import { wanted } from './wanted.js';

const DRIVER = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';

export const webkit = {
    name: 'WebKitGTK',
    missing: wanted('WebKitGTK', {
        'webkit2gtk-driver': DRIVER,
        xvfb: '/usr/bin/Xvfb',
        pulseaudio: '/usr/bin/pulseaudio',
        'pulseaudio-utils': '/usr/bin/parec',
    }),
    choosesLoudspeaker: false,
    start,
};

/** Starts a browser that hears and is heard through `sound`, and ends it after `t`. */
async function start(t, sound) {
    const display = await startScreen(t);
    const port = await freePort();
    const driver = spawn(DRIVER, [`--port=${port}`, '--host=127.0.0.1'], {
        env: { ...sound.environment, DISPLAY: display, GDK_BACKEND: 'x11' },
        stdio: 'ignore',
    });
    const ended = once(driver, 'exit');
    t.after(async () => {
        driver.kill();
        await ended;
    });
    const session = await Session.open(`http://127.0.0.1:${port}`);
    t.after(() => session.command('DELETE', ''));
    await session.command('POST', 'timeouts', { script: SCRIPT_MS, pageLoad: SCRIPT_MS });
    const page = new Page(session);
    // one window is enough: tests take turns
    return { newContext: async () => ({ newPage: async () => page, close: () => page.goto('about:blank') }) };
}

/** How long a script of a test may take, ms. */
const SCRIPT_MS = 60_000;
/** How long the driver may take to answer at all, ms. */
const START_MS = 20_000;

/** A screen that nobody sees; it finds its own number. */
async function startScreen(t) {
    const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const ended = once(screen, 'exit');
    t.after(async () => {
        screen.kill();
        await ended;
    });
    const [number] = await once(createInterface({ input: screen.stdio[3] }), 'line', { signal: AbortSignal.timeout(START_MS) });
    return `:${number}`;
}

async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

/** One session of the WebDriver protocol. */
class Session {
    #address;

    constructor(address) {
        this.#address = address;
    }

    static async open(driver) {
        const capabilities = { alwaysMatch: { acceptInsecureCerts: true } };
        const end = Date.now() + START_MS;
        for (;;) {
            try {
                const { sessionId } = await ask('POST', `${driver}/session`, { capabilities });
                return new Session(`${driver}/session/${sessionId}`);
            } catch (error) {
                // it does not say when it is ready
                if (Date.now() > end || error.cause?.code !== 'ECONNREFUSED') throw error;
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
        }
    }

    command(method, name, body) {
        return ask(method, name === '' ? this.#address : `${this.#address}/${name}`, body);
    }
}

async function ask(method, address, body) {
    const response = await fetch(address, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = await response.json();
    if (response.ok) return value;
    throw new Error(`WebDriver: ${value.error}: ${value.message}`);
}

/** What the tests do with a page, under the names that Playwright has for it. */
class Page {
    #session;

    constructor(session) {
        this.#session = session;
    }

    /** The protocol does not tell what a console says. */
    on() {}

    async goto(url) {
        await this.#session.command('POST', 'url', { url });
    }

    async evaluate(run, argument) {
        // as a part of the script, for a page's policy may forbid eval
        const script = `
            const [argument, done] = arguments;
            Promise.resolve()
                .then(() => (${run})(argument))
                .then((value) => done({ value }), (error) => done({ thrown: String(error) }));`;
        const args = [argument ?? null];
        const { value, thrown } = await this.#session.command('POST', 'execute/async', { script, args });
        if (thrown !== undefined) throw new Error(`in the page: ${thrown}`);
        return value ?? undefined;
    }

    async waitForFunction(run, argument, { timeout = 30_000, polling = 50 } = {}) {
        const end = Date.now() + timeout;
        for (;;) {
            const value = await this.evaluate(run, argument);
            if (value) return { jsonValue: async () => value };
            if (Date.now() > end) throw new Error(`not so within ${timeout} ms: ${run}`);
            await new Promise((resolve) => setTimeout(resolve, polling));
        }
    }

    async click(selector) {
        const element = await this.#session.command('POST', 'element', { using: 'css selector', value: selector });
        const [id] = Object.values(element);
        await this.#session.command('POST', `element/${id}/click`, {});
    }

    async screenshot({ path }) {
        await writeFile(path, Buffer.from(await this.#session.command('GET', 'screenshot'), 'base64'));
    }
}
