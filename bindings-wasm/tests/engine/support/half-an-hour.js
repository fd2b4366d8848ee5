// Half an hour of conversation in virtual time: somebody asks and is answered every ten seconds, and there is a new connection
// whenever Bedrock ends one, with all that was said.

import { Engine, FOUND, engineMemory, seed } from './engine.js';
import { serverEvent } from './frames.js';
import { grant } from './grants.js';

const FRAME_MS = 32;
const TURN_MS = 10_000;
/** How long somebody speaks in each turn: what the microphone hears between is no other sound. */
const SPOKEN_MS = 2_000;
/** Sound of an answer comes faster than it plays. */
const PIECES = 150;
const PIECE_MS = 40;
const STREAM_MS = 8 * 60_000;
/** How long two connections live side by side. */
const BESIDE_MS = 1_500;
const MINUTES = 30;

const SOUND = Buffer.alloc((PIECE_MS * 24_000 * 2) / 1000, 'sound').toString('base64');
const CONFIG = JSON.stringify({ systemPrompt: 'You tell stories to children.', limits: { renewMs: 1e9 } });

/** One connection of the conversation. */
class Stream {
    #turn = 0;
    #played = new Map();
    #counts = 0;

    constructor(at, before) {
        this.engine = new Engine(CONFIG, seed(before === undefined ? 7 : 8), at, before?.engine);
        this.engine.openDirect(grant({ lifetime: 86_400_000 }), at);
        this.poll(at);
        this.engine.connected(at);
        this.poll(at);
    }

    /** Everything that there is to do now. */
    poll(at) {
        for (let found; (found = this.engine.poll(at)) !== FOUND.nothing; ) {
            if (found === FOUND.event) this.engine.outText();
            if (found !== FOUND.sound) continue;
            const turn = this.engine.outTurn();
            const played = (this.#played.get(turn) ?? 0) + this.engine.outSamples().length;
            this.#played = new Map([[turn, played]]);
            this.engine.played(at, turn, played);
        }
    }

    hear(at, block) {
        this.engine.capture(at, block, 48_000);
        this.poll(at);
    }

    /** Somebody has asked, and is answered in so many words. */
    answer(at, words) {
        const [asked, planned, sound, spoken] = ['q', 'p', 's', 'f'].map((name) => `${name}${(this.#turn += 1)}`);
        const text = (contentId, role, generationStage, content) => {
            const additionalModelFields = JSON.stringify({ generationStage });
            this.#event(at, { contentStart: { contentId, role, type: 'TEXT', additionalModelFields } });
            this.#event(at, { textOutput: { contentId, role, content } });
            this.#event(at, { contentEnd: { contentId, type: 'TEXT', stopReason: 'PARTIAL_TURN' } });
        };
        text(asked, 'USER', 'FINAL', 'And what happened then?');
        text(planned, 'ASSISTANT', 'SPECULATIVE', words);
        const audioOutputConfiguration = { sampleRateHertz: 24_000 };
        this.#event(at, { contentStart: { contentId: sound, role: 'ASSISTANT', type: 'AUDIO', audioOutputConfiguration } });
        for (let piece = 0; piece < PIECES; piece += 1) this.#event(at, { audioOutput: { contentId: sound, content: SOUND } });
        this.#event(at, { contentEnd: { contentId: sound, type: 'AUDIO', stopReason: 'END_TURN' } });
        text(spoken, 'ASSISTANT', 'FINAL', words);
        this.#counts += 100;
        this.#event(at, {
            usageEvent: {
                totalInputTokens: this.#counts,
                totalOutputTokens: this.#counts,
                details: { delta: tokens(100), total: tokens(this.#counts) },
            },
        });
    }

    #event(at, event) {
        this.engine.receivedBinary(at, serverEvent(JSON.stringify({ event })));
        this.poll(at);
    }
}

function tokens(count) {
    const one = { speechTokens: count, textTokens: count };
    return { input: one, output: one };
}

/** Holds it, with so many characters in each answer; says how many bytes of memory there are after each minute. */
export function halfAnHour(characters) {
    const words = 'The little fox went on through the night. '.repeat(Math.ceil(characters / 42)).slice(0, characters).trim();
    const block = new Float32Array(FRAME_MS * 48).map((_, n) => 0.3 * Math.sin(n / 10));
    const readings = [];
    let stream = new Stream(0);
    let [renewAt, turnAt, minuteAt] = [STREAM_MS, 0, 60_000];
    let leaving;
    for (let at = 0; readings.length < MINUTES; at += FRAME_MS) {
        if (at % TURN_MS < SPOKEN_MS) stream.hear(at, block);
        if (at >= turnAt) {
            stream.answer(at, words);
            turnAt += TURN_MS;
        }
        if (at >= renewAt) {
            const successor = new Stream(at, stream);
            stream.engine.hangup(at);
            stream.poll(at);
            leaving = { stream, until: at + BESIDE_MS };
            stream = successor;
            renewAt += STREAM_MS;
        }
        if (leaving !== undefined && at >= leaving.until) {
            leaving.stream.engine.free();
            leaving = undefined;
        }
        if (at >= minuteAt) {
            readings.push(engineMemory());
            minuteAt += 60_000;
        }
    }
    stream.engine.free();
    return readings;
}
