// A page with @nova-sonic/web, as its README has it.

import { VoiceSession } from './dist/index.js';

const endpoint = location.origin.replace(/^http/, 'ws');

/** Opens a conversation that plays through `playback`, or as it does by default; answers how to end it. */
export async function converse(playback = true) {
    const session = new VoiceSession({ credentials: '/grant', endpoint, playback });
    const errors = [];
    session.on('error', ({ code }) => errors.push(code));
    session.on('closed', ({ error }) => error && errors.push(error.code));
    await session.start();
    return { errors, statistics: () => session.playbackStatistics, close: () => session.close() };
}

/** Samples in 32 ms of the microphone. */
const BLOCK = 512;
const BLOCK_MS = 32;

/** Opens a conversation of which the page records and plays for itself, `speed` times as fast as time passes. */
export async function endure(speed) {
    const session = new VoiceSession({ credentials: '/grant', endpoint, capture: false, playback: false });
    const seen = { errors: [], renewed: 0, heard: 0, sent: 0 };
    session.on('error', ({ code }) => seen.errors.push(code));
    session.on('closed', ({ error }) => error && seen.errors.push(error.code));
    let away = false;
    let held = false;
    session.on('renewing', () => (away = true));
    session.on('renewed', () => {
        away = false;
        seen.renewed += 1;
    });
    let turn = 0;
    let played = 0;
    session.on('audio', ({ samples, turn: own }) => {
        seen.heard += samples.length;
        if (own !== turn) played = 0;
        turn = own;
        played += samples.length;
        session.reportPlayed(turn, played);
    });
    await session.start();
    let blocks = 0;
    let due = 0;
    let looked = performance.now();
    const timer = setInterval(() => {
        const now = performance.now();
        // time stands still while there is no connection, which took a fraction of this, and while somebody looks
        if (!away && !held) due += ((now - looked) * speed) / BLOCK_MS;
        looked = now;
        for (; blocks < due; blocks += 1) {
            const block = new Int16Array(BLOCK);
            for (let index = 0; index < BLOCK; index += 1) block[index] = ((index * 97 + blocks) % 2000) - 1000;
            session.sendAudio(block);
            seen.sent += BLOCK;
        }
    }, BLOCK_MS);
    return {
        seen: () => ({ ...seen, messages: session.messages.length, text: JSON.stringify(session.messages).length }),
        hold: (hold) => (held = hold),
        stop: () => clearInterval(timer),
        close: () => session.close(),
    };
}
