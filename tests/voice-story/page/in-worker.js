// Stands before the package's worker: notes when the worker asks, connects, sends and receives, and how loud that was.

{
    const channel = new BroadcastChannel('story-marks');
    const mark = (what, more) => channel.postMessage({ what, at: Date.now(), ...more });

    const fetchOfWorker = self.fetch;
    self.fetch = async (resource, options) => {
        const path = new URL(resource.url ?? resource, self.location.href).pathname;
        mark('request', { path });
        try {
            return await fetchOfWorker(resource, options);
        } finally {
            mark('response', { path });
        }
    };

    self.WebSocket = class extends WebSocket {
        constructor(...options) {
            super(...options);
            mark('connecting');
            this.addEventListener('open', () => mark('connected'));
            this.addEventListener('message', ({ data }) => note('received', data));
        }

        send(data) {
            super.send(data);
            note('sent', data);
        }
    };

    function note(what, data) {
        const { sound, name } = contents(data);
        if (sound !== undefined) mark(what, { name: 'sound', ...voiceIn(sound) });
        else mark(what, { name });
    }

    /** A relay's binary messages are sound; frames of the service have an event inside, and that its sound as text. */
    function contents(data) {
        if (typeof data === 'string') return { name: JSON.parse(data).type ?? 'text' };
        const bytes = new Uint8Array(ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data);
        const text = new TextDecoder('latin1').decode(bytes);
        const [, wrapped] = /"bytes":"([A-Za-z0-9+/=]+)"/.exec(text) ?? [];
        if (wrapped === undefined) return text.includes(':message-type') || bytes.length % 2 === 1 ? { name: 'frame' } : { sound: bytes.buffer };
        const [[name, body]] = Object.entries(JSON.parse(atob(wrapped)).event);
        const isSound = name === 'audioInput' || name === 'audioOutput';
        return isSound ? { sound: Uint8Array.from(atob(body.content), (letter) => letter.charCodeAt(0)).buffer } : { name };
    }

    /** How many samples there are, and how many of them come before the first one that can be heard: all, if none can. */
    function voiceIn(buffer) {
        const samples = new Int16Array(buffer, 0, buffer.byteLength >> 1);
        const first = samples.findIndex((sample) => Math.abs(sample) > 0.02 * 32_768);
        return { samples: samples.length, silent: first === -1 ? samples.length : first };
    }
}
