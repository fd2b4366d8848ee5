// A page of two routes in StrictMode: on the first one there is a conversation, on the second there is none.

import React, { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { TalkButton, Transcript, VoiceSessionProvider, useVoiceMessages, useVoiceState } from '@nova-sonic/web/react';

import { optionsOfTest } from '../talk.js';

export function show(root) {
    document.querySelector('body > button').remove();
    createRoot(root).render(
        <StrictMode>
            <Site />
        </StrictMode>,
    );
}

function Site() {
    const [route, setRoute] = useState('talk');
    return (
        <>
            <nav>
                <button type="button" data-route="talk" onClick={() => setRoute('talk')}>To the story</button>
                <button type="button" data-route="other" onClick={() => setRoute('other')}>To the shelf</button>
            </nav>
            {route === 'talk' ? (
                <VoiceSessionProvider {...optionsOfTest()}>
                    <TalkButton />
                    <Transcript />
                    <Witness />
                </VoiceSessionProvider>
            ) : (
                <p>Nobody talks here.</p>
            )}
        </>
    );
}

function Witness() {
    const { state, error } = useVoiceState();
    const messages = useVoiceMessages();
    window.seen = { states: [...(window.seen?.states ?? []), state], messages, error: error && { code: error.code, message: error.message } };
    return null;
}
