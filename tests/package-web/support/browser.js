// Pages that tell what they opened, what was forbidden to them, and what they said.

const WAIT_MILLISECONDS = 60_000;

/** A page that keeps count of what it opened, and of what its policy forbade; closed after test `t`. */
export async function openPage(t, browser) {
    const context = await browser.newContext();
    t.after(() => context.close());
    await context.addInitScript(countWhatIsOpened);
    const page = await context.newPage();
    const said = [];
    page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') said.push(`${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => said.push(`uncaught: ${error.message}`));
    page.on('requestfailed', (request) => said.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
    return { page, said };
}

/** Asks `page` until `holds` is true of what `look` saw, and answers that. */
export async function until(page, look, holds, what, said = []) {
    const end = Date.now() + WAIT_MILLISECONDS;
    let seen;
    while (Date.now() < end) {
        seen = await page.evaluate(look);
        if (holds(seen)) return seen;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${what}: not within ${WAIT_MILLISECONDS} ms; ${JSON.stringify(seen)}\n${said.join('\n')}`);
}

/** Runs inside the page, before its own scripts. */
function countWhatIsOpened() {
    const opened = { workers: [], contexts: [], tracks: [], asked: 0 };
    window.stillOpen = () => ({
        workers: opened.workers.filter((worker) => !worker.ended).length,
        contexts: opened.contexts.filter((context) => context.state !== 'closed').length,
        tracks: opened.tracks.filter((track) => track.readyState === 'live').length,
        // a microphone that is still being asked for
        asked: opened.asked,
    });
    window.everOpened = () => ({
        workers: opened.workers.length,
        contexts: opened.contexts.length,
        tracks: opened.tracks.length,
    });
    window.forbidden = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        window.forbidden.push(`${violatedDirective} ${blockedURI}`);
    });

    window.Worker = class extends Worker {
        constructor(...how) {
            super(...how);
            opened.workers.push(this);
        }

        terminate() {
            this.ended = true;
            super.terminate();
        }
    };
    window.AudioContext = class extends AudioContext {
        constructor(...how) {
            super(...how);
            opened.contexts.push(this);
        }
    };
    const { mediaDevices } = navigator;
    // only secure pages have them
    if (!mediaDevices) return;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
        opened.asked += 1;
        try {
            const stream = await ask(constraints);
            opened.tracks.push(...stream.getTracks());
            return stream;
        } finally {
            opened.asked -= 1;
        }
    };
}
