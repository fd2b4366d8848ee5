'use client';

import { useEffect, useState } from 'react';
import { TalkButton, Transcript, VoiceSessionProvider, useVoiceMessages, useVoiceState } from '@nova-sonic/web/react';

export function Talk() {
    const [options, setOptions] = useState();
    useEffect(() => setOptions(JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}')), []);
    return (
        <VoiceSessionProvider {...options}>
            <TalkButton disabled={!options} />
            <Transcript />
            <Witness />
        </VoiceSessionProvider>
    );
}

function Witness() {
    const { state, error } = useVoiceState();
    const messages = useVoiceMessages();
    useEffect(() => {
        const { states = [] } = window.seen ?? {};
        window.seen = { states: [...states, state], messages, error: error && { code: error.code, message: error.message } };
    }, [state, messages, error]);
    return null;
}
