// A simulator, and sessions that talk to it.

import { setTimeout as after } from 'node:timers/promises';

import { VoiceSession } from '@nova-sonic/node';

import { question } from '../../../tests/interop/node/support/recording.js';
import { startSimulator, userKeys } from '../../../tests/interop/node/support/simulator.js';

export { question, startSimulator, userKeys };

export const LIMIT = { timeout: 60_000 };

/** Answers a question with two sentences. */
export const STORY = {
    name: 'hello',
    turns: [{ user: 'Will you tell me a story?', say: [{ text: 'Once upon a time.' }, { text: 'The end.' }] }],
};

/** Has a tool look for the weather of Oslo, and answers with the degrees that it gives: `weather` in fewer words. */
export const WEATHER = {
    name: 'oslo',
    turns: [
        {
            user: 'How cold is Oslo?',
            tools: [{ name: 'get_weather', input: { city: 'Oslo' } }],
            then: [{ text: 'It has {{result.temperature}} degrees.' }],
        },
    ],
};

/** How the simulator is reached. */
export const routeTo = (simulator) => ({
    region: simulator.region,
    endpoint: simulator.http,
    credentials: userKeys(simulator),
});

/** A session that is closed after the test. */
export function sessionOf(t, simulator, options = {}) {
    const session = new VoiceSession({ ...routeTo(simulator), ...options });
    t.after(() => session.close());
    return session;
}

/** Says the recorded question, and then nothing for two seconds: the end of a turn. */
export async function ask(session) {
    await session.sendAudio(await question());
    await session.sendAudio(new Int16Array(32_000));
}

/** The next such event. */
export function next(session, name, matches = () => true) {
    return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no such ${name} within 20 s`)), 20_000);
        session.on(name, function look(event) {
            if (!matches(event)) return;
            clearTimeout(late);
            session.off(name, look);
            resolve(event);
        });
    });
}

/** Settles as soon as `holds()` does. */
export async function until(holds, what) {
    const end = performance.now() + 20_000;
    while (!(await holds())) {
        if (performance.now() > end) throw new Error(`never happened: ${what}`);
        await after(10);
    }
}
