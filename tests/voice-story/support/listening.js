// Listens along in Chromium: what was sent and received, said and heard, and when.

import { readFile } from 'node:fs/promises';

const PAGE = new URL('../page/', import.meta.url);
/** The rate of answers, samples in each ms. */
const ANSWER_RATE = 24;

/**
 * A context of `browser` in whose pages one can listen along. Its pages have no Content-Security-Policy, which would not let
 * them load a worklet of the test's; other tests see to it that the policy lets the page do what it must.
 */
export async function listeningContext(browser, options) {
    const context = await browser.newContext({ ...options, bypassCSP: true });
    const [page, worker, tap] = await Promise.all(['listen-in.js', 'in-worker.js', 'tap.js'].map((name) => readFile(new URL(name, PAGE), 'utf8')));
    await context.addInitScript(`{ const tapSource = ${JSON.stringify(tap)};\n${page} }`);
    // a worker whose file was given by us has no place in the network, and would have to ask before it talks to this machine;
    // and whoever is timed has talked here before
    await context.grantPermissions(['local-network-access', 'microphone']);
    await context.route(/\/worker-[\w-]+\.js$/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `${worker}\n${await response.text()}` });
    });
    return context;
}

/** What has come out of the loudspeaker, as 16-bit samples; nothing if nobody has talked yet. */
export async function heard(page) {
    const found = await page.evaluate(async () => {
        const got = await window.storyHeard('output');
        return got && Array.from(got.samples, (sample) => Math.round(sample * 32_768));
    });
    return Int16Array.from(found ?? []);
}

/** What happened, in order. */
export async function marks(page) {
    return page.evaluate(() => [...window.storyMarks].sort((one, other) => one.at - other.at));
}

/**
 * How long the first exchange took, ms. Of each time, `ours` is what is left without what others took: answers of servers
 * and the browser's microphone before the first sound was sent, the service between the last voice that reached it and
 * the first sound that came back, with the silence in which its answer begins.
 */
export async function timings(page, { click }) {
    const [all, spoken, answered] = [
        await marks(page),
        await page.evaluate(() => window.storyHeard('input').then((got) => got?.loud ?? [])),
        await page.evaluate(() => window.storyHeard('output').then((got) => got?.loud ?? [])),
    ];
    // what the page itself asks for takes as long as the network says: an answer that waits for a busy page waits for us
    const loads = await page.evaluate(() =>
        performance.getEntriesByType('resource').map(({ startTime, responseEnd }) => ({
            from: performance.timeOrigin + startTime,
            to: performance.timeOrigin + responseEnd,
        })),
    );
    const clicked = all.find(({ what, name }) => what === 'click' && name === click)?.at;
    const after = all.filter(({ at }) => at >= clicked);
    const isSound = (direction) => (mark) => mark.what === direction && mark.name === 'sound';
    const connected = after.find(({ what }) => what === 'microphone connected')?.at;
    // without a microphone silence is sent, which is nobody's voice
    const firstSent = after.find((mark) => isSound('sent')(mark) && mark.at >= connected)?.at;
    const firstReceived = after.find(isSound('received'))?.at;
    const hasVoice = ({ silent, samples }) => silent < samples;
    const lastVoice = after.findLast((mark) => isSound('sent')(mark) && hasVoice(mark) && mark.at < firstReceived)?.at;
    const [firstHeard] = answered.find(([from]) => from >= firstReceived) ?? [];
    const [, endOfSpeech] = spoken.findLast(([from]) => from < firstReceived) ?? [];
    const waited = waiting(after.filter(({ at }) => at <= firstSent), loads.filter(({ from, to }) => from >= clicked && to <= firstSent));
    const [toFirstAudio, toFirstSound] = [firstSent - clicked, firstHeard - endOfSpeech];
    const service = firstReceived - lastVoice + silence(after.filter(isSound('received')));
    return {
        click_to_first_audio: toFirstAudio,
        end_of_speech_to_first_sound: toFirstSound,
        ours: {
            click_to_first_audio: Math.round(toFirstAudio - waited.all),
            end_of_speech_to_first_sound: Math.round(toFirstSound - service),
        },
        others: { servers: Math.round(waited.servers), microphone: waited.microphone, service: Math.round(service) },
    };
}

/** How long an answer is silent at its beginning, ms. */
function silence(received) {
    let count = 0;
    for (const { silent, samples } of received) {
        count += silent;
        if (silent < samples) break;
    }
    return count / ANSWER_RATE;
}

const BEGINNINGS = { request: 'response', connecting: 'connected', 'microphone asked': 'microphone given' };

/** How long somebody else was waited for, ms: overlapping waits count once. */
function waiting(marks, loads) {
    const spans = loads.map((load) => ({ ...load, isMicrophone: false }));
    for (const [index, { what, at, path }] of marks.entries()) {
        const ending = BEGINNINGS[what];
        if (ending === undefined) continue;
        const end = marks.slice(index).find((other) => other.what === ending && other.path === path);
        spans.push({ from: at, to: end?.at ?? marks.at(-1).at, isMicrophone: what === 'microphone asked' });
    }
    return {
        all: covered(spans),
        servers: covered(spans.filter(({ isMicrophone }) => !isMicrophone)),
        microphone: covered(spans.filter(({ isMicrophone }) => isMicrophone)),
    };
}

function covered(spans) {
    let [sum, until] = [0, 0];
    for (const { from, to } of [...spans].sort((one, other) => one.from - other.from)) {
        sum += Math.max(0, to - Math.max(from, until));
        until = Math.max(until, to);
    }
    return sum;
}
