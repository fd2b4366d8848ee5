// A page of two routes in StrictMode: on the first one there is a conversation, on the second there is none.

import React, { Profiler, StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { LevelMeter, TalkButton, Transcript, VoiceSessionProvider, useVoiceMessages, useVoiceState } from '@nova-sonic/web/react';

import { optionsOfTest } from '../talk.js';

const { testMode, ...options } = optionsOfTest();

/** How often each part was rendered. */
window.renders = {};

export function show(root) {
    document.querySelector('body > button').remove();
    createRoot(root).render(
        <StrictMode>
            <Site />
        </StrictMode>,
    );
}

function Site() {
    count('site');
    const [route, setRoute] = useState('talk');
    return (
        <>
            <nav>
                <button type="button" data-route="talk" onClick={() => setRoute('talk')}>To the story</button>
                <button type="button" data-route="other" onClick={() => setRoute('other')}>To the shelf</button>
            </nav>
            {route === 'talk' ? (
                <VoiceSessionProvider {...options}>
                    <TalkButton mode={testMode} />
                    <Transcript />
                    <Profiler id="meter" onRender={count}>
                        <LevelMeter of="output" />
                    </Profiler>
                    <Witness />
                </VoiceSessionProvider>
            ) : (
                <p>Nobody talks here.</p>
            )}
        </>
    );
}

function Witness() {
    count('witness');
    const { state, microphone, error } = useVoiceState();
    const messages = useVoiceMessages();
    const states = [...(window.seen?.states ?? []), state];
    window.seen = { states, microphone, messages, error: error && { code: error.code, message: error.message } };
    return null;
}

function count(part) {
    window.renders[part] = (window.renders[part] ?? 0) + 1;
}
