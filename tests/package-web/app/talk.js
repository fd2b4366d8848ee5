// What the pages of these tests do: talk when the button is pressed, and keep what was seen of it.

import { VoiceSession } from '@nova-sonic/web';

/** What the test said in the address. */
export function optionsOfTest() {
    return JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}');
}

/** Makes the page's button start a conversation, and `window.seen` tell of it. */
export function offerToTalk() {
    const seen = (window.seen = { states: [], messages: [], error: undefined });
    const button = document.querySelector('button');
    button.onclick = async () => {
        try {
            const session = new VoiceSession(optionsOfTest());
            session.on('stateChanged', ({ to }) => seen.states.push(to));
            session.on('messagesChanged', (messages) => (seen.messages = messages));
            session.on('closed', ({ error }) => (seen.error ??= error && told(error)));
            window.hangUp = () => session.close();
            await session.start();
        } catch (error) {
            seen.error = told(error);
        }
    };
    button.disabled = false;
}

function told({ code, message, advice }) {
    return { code, message, advice };
}
