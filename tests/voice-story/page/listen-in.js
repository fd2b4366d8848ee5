// Runs in the page before its own scripts: notes when what happens, and listens along at microphone and loudspeaker.
//
// All clocks are Date.now(): page, worker and worklets have no other one in common. `tapSource` is the text of `tap.js`.

const marks = (window.storyMarks = []);
const mark = (what, more) => marks.push({ what, at: Date.now(), ...more });
const taps = (window.storyTaps = { input: [], output: [] });

// the worker's side is `in-worker.js`
new BroadcastChannel('story-marks').onmessage = ({ data }) => marks.push(data);

addEventListener('click', ({ target }) => mark('click', { name: target.closest?.('button')?.textContent ?? '' }), { capture: true });

const devices = navigator.mediaDevices;
const ask = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (constraints) => {
    mark('microphone asked');
    try {
        return await ask(constraints);
    } finally {
        mark('microphone given');
    }
};

const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...options) {
    if (this instanceof MediaStreamAudioSourceNode) {
        mark('microphone connected');
        tap(this, 'input');
    }
    // what unlocks a context is a buffer of silence
    else if (target instanceof AudioDestinationNode && !(this instanceof AudioBufferSourceNode)) tap(this, 'output');
    return connect.call(this, target, ...options);
};

const tapAddress = URL.createObjectURL(new Blob([tapSource], { type: 'text/javascript' }));

function tap(node, side) {
    if (node.storyTap === true) return;
    node.storyTap = true;
    const ready = node.context.audioWorklet.addModule(tapAddress).then(() => {
        const worklet = new AudioWorkletNode(node.context, 'story-tap', { numberOfOutputs: 0 });
        connect.call(node, worklet);
        return worklet;
    });
    // a context may be closed before
    ready.catch(() => {});
    taps[side].push(ready);
}

/** What was heard on one side since it was tapped last: `{ samples, loud }`. */
window.storyHeard = async (side) => {
    const worklet = await taps[side].at(-1);
    if (worklet === undefined) return undefined;
    return new Promise((resolve) => {
        worklet.port.onmessage = ({ data }) => resolve(data);
        worklet.port.postMessage('give');
    });
};
