// The page of the tests: holds a conversation as it is told, and keeps what happened.

import { NovaSonicClient, VoiceSession, preload, tool } from './dist/index.js';

const EVENTS = [
    'stateChanged',
    'transcript',
    'messagesChanged',
    'interrupted',
    'toolCall',
    'toolAnswered',
    'usage',
    'transportChanged',
    'renewing',
    'renewed',
    'microphoneChanged',
    'devicesChanged',
    'deviceChanged',
    'error',
    'unknown',
    'closed',
];

/** Errors have getters and causes, which do not travel. */
function plain(value) {
    if (value instanceof Error) {
        const { name, code, message, retryable, blame, advice } = value;
        return { name, code, message, retryable, blame, advice };
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(plain);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

function show(session) {
    document.querySelector('#state').textContent = session.state;
    document.querySelector('#messages').replaceChildren(
        ...session.messages.map(({ role, text, heard, interrupted }) => {
            const item = document.createElement('li');
            item.className = role;
            item.textContent = `${role === 'user' ? 'You' : 'Story'}: ${interrupted ? `${heard} …` : text}`;
            return item;
        }),
    );
}

function showError(error) {
    document.querySelector('#error').textContent = `${error.message} (${error.code}): ${error.advice}`;
}

const app = (window.app = {
    VoiceSession,
    NovaSonicClient,
    tool,
    preload,
    events: [],
    session: undefined,
    /** Options that no JSON has, for tests to fill in. */
    extra: {},
    plain,

    make(options) {
        app.events = [];
        const session = new VoiceSession({ ...options, ...app.extra });
        app.session = session;
        for (const name of EVENTS) {
            session.on(name, (value) => {
                app.events.push({ name, at: performance.now(), value: plain(value) });
                show(session);
                if (name === 'error') showError(value);
            });
        }
        return session;
    },

    /** Starts a conversation; answers nothing, or what went wrong. */
    async start(options) {
        const began = performance.now();
        try {
            await app.make(options).start();
            return undefined;
        } catch (error) {
            showError(error);
            return { ...plain(error), ms: performance.now() - began };
        }
    },

    /** A tap between the session and the loudspeaker, as options. */
    async tapped(sampleRate = 24_000) {
        const context = new AudioContext({ sampleRate });
        await context.audioWorklet.addModule('tap.js');
        const tap = new AudioWorkletNode(context, 'tap', { outputChannelCount: [1] });
        tap.connect(context.destination);
        app.extra.playback = { context, destination: tap };
        app.tap = () =>
            new Promise((resolve) => {
                tap.port.onmessage = ({ data }) => resolve(data);
                tap.port.postMessage('give');
            });
    },

    /** What came out so far, as 16-bit samples. */
    async heard() {
        const { first, samples } = await app.tap();
        return { first, samples: Array.from(samples, (sample) => Math.round(sample * 32_768)) };
    },
});
