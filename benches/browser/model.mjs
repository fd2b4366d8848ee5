// The model's half of a conversation: answers whose every sample says which answer it belongs to.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { frameOf } from './wire.mjs';

/** The rate of answers, Hz, and the length of a piece of one, ms. */
export const RATE = 24_000;
export const PIECE_MS = 40;
const PIECE_SAMPLES = (RATE * PIECE_MS) / 1000;

/** The sample of which an answer consists: never silence, and another one than its neighbours'. */
export function sampleOf(turn) {
    return 1024 + (turn % 100) * 256;
}

/** Speaks through `send`, which takes frames. */
export class Model {
    #send;
    #ids = { sessionId: randomUUID(), promptName: 'prompt', completionId: randomUUID() };
    #content = 0;
    #begun = false;
    #piece;
    turn = 0;

    constructor(send) {
        this.#send = (event) => send(frameOf(event));
    }

    /** Somebody has said this. */
    hears(text) {
        this.#block('USER', 'FINAL', text, 'PARTIAL_TURN');
    }

    /** Begins the next answer. */
    begin(text = 'It is a long story.') {
        if (!this.#begun) this.#send({ completionStart: this.#ids });
        this.#begun = true;
        this.turn += 1;
        this.#block('ASSISTANT', 'SPECULATIVE', text, 'PARTIAL_TURN');
        this.#content += 1;
        this.audioId = `content-${this.#content}`;
        const audioOutputConfiguration = {
            mediaType: 'audio/lpcm',
            sampleRateHertz: RATE,
            sampleSizeBits: 16,
            encoding: 'base64',
            channelCount: 1,
        };
        const start = { contentId: this.audioId, type: 'AUDIO', role: 'ASSISTANT', audioOutputConfiguration };
        this.#send({ contentStart: { ...this.#ids, ...start } });
        const content = Buffer.from(new Int16Array(PIECE_SAMPLES).fill(sampleOf(this.turn)).buffer).toString('base64');
        this.#piece = frameOf({ audioOutput: { ...this.#ids, contentId: this.audioId, role: 'ASSISTANT', content } });
    }

    /** So many pieces of the answer, at once. */
    speak(send, pieces) {
        for (let index = 0; index < pieces; index += 1) send(this.#piece);
    }

    /** The answer is complete. */
    end(text = 'It is a long story.') {
        this.#close(this.audioId, 'AUDIO', 'END_TURN');
        this.#block('ASSISTANT', 'FINAL', text, 'END_TURN');
        const delta = { input: { speechTokens: 20, textTokens: 0 }, output: { speechTokens: 60, textTokens: 8 } };
        const totals = { totalInputTokens: 20, totalOutputTokens: 68, totalTokens: 88 };
        this.#send({ usageEvent: { ...this.#ids, ...totals, details: { delta, total: delta } } });
    }

    /** The user has interrupted. */
    interrupted() {
        this.#block('ASSISTANT', 'FINAL', '{ "interrupted" : true }', 'INTERRUPTED');
        this.#close(this.audioId, 'AUDIO', 'INTERRUPTED');
    }

    #block(role, generationStage, content, stopReason) {
        this.#content += 1;
        const contentId = `content-${this.#content}`;
        const additionalModelFields = JSON.stringify({ generationStage });
        const textOutputConfiguration = { mediaType: 'text/plain' };
        const start = { contentId, type: 'TEXT', role, additionalModelFields, textOutputConfiguration };
        this.#send({ contentStart: { ...this.#ids, ...start } });
        this.#send({ textOutput: { ...this.#ids, contentId, role, content } });
        this.#close(contentId, 'TEXT', stopReason);
    }

    #close(contentId, type, stopReason) {
        this.#send({ contentEnd: { ...this.#ids, contentId, type, stopReason } });
    }
}

/** Calls `act` with how often it is due, every `ms` by the clock however late a timer is, for `seconds`. */
export async function paced(ms, seconds, act) {
    const began = performance.now();
    const last = Math.round((seconds * 1000) / ms);
    for (let done = 0; done < last; ) {
        const due = Math.min(last, 1 + Math.floor((performance.now() - began) / ms));
        if (due > done) act(due - done);
        done = Math.max(done, due);
        if (done < last) await sleep(Math.max(0, began + done * ms - performance.now()));
    }
}
