// Firefox, with a sound system of its own.

import puppeteer from 'puppeteer-core';

import { wanted } from './wanted.js';

const EXECUTABLE = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

export const firefox = {
    name: 'Firefox',
    missing: wanted('Firefox', { 'firefox-esr': EXECUTABLE, pulseaudio: '/usr/bin/pulseaudio', 'pulseaudio-utils': '/usr/bin/parec' }),
    /** Whether a page may say where its sound comes out. */
    choosesLoudspeaker: true,
    start,
};

/** Starts a browser that hears and is heard through `sound`, and ends it after `t`. */
async function start(t, sound) {
    const browser = await puppeteer.launch({
        browser: 'firefox',
        executablePath: EXECUTABLE,
        headless: true,
        protocolTimeout: 60_000,
        acceptInsecureCerts: true,
        env: sound.environment,
        extraPrefsFirefox: {
            // nobody is there to click on a question
            'media.navigator.permission.disabled': true,
        },
    });
    t.after(() => browser.close());
    return { newContext: async () => new Context(await browser.createBrowserContext()) };
}

class Context {
    #context;

    constructor(context) {
        this.#context = context;
    }

    async newPage() {
        return new Page(await this.#context.newPage());
    }

    close() {
        return this.#context.close();
    }
}

/** What the tests do with a page, under the names that Playwright has for it. */
class Page {
    #page;

    constructor(page) {
        this.#page = page;
    }

    on(name, listener) {
        this.#page.on(name, listener);
    }

    goto(url) {
        return this.#page.goto(url);
    }

    evaluate(run, argument) {
        return this.#page.evaluate(run, argument);
    }

    waitForFunction(run, argument, { timeout = 30_000, polling = 50 } = {}) {
        return this.#page.waitForFunction(run, { timeout, polling }, argument);
    }

    async click(selector) {
        await this.#page.click(selector);
    }

    async screenshot({ path }) {
        await this.#page.screenshot({ path });
    }
}
