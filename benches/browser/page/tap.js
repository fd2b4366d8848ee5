// Between the player and the loudspeaker: tells which sample sounds from now on, whenever that is another one. The answers
// of this bench each consist of one value, so that silence, sound and whose sound it is are told apart at every sample.

class Tap extends AudioWorkletProcessor {
    constructor() {
        super();
        this.value = 0;
        this.port.onmessage = ({ data: { port } }) => (this.ear = port);
    }

    process([[input]], [[output]]) {
        for (let index = 0; index < output.length; index += 1) {
            const value = input === undefined ? 0 : Math.round(input[index] * 32768);
            if (value === this.value) continue;
            this.value = value;
            this.ear?.postMessage({ frame: currentFrame + index, value });
        }
        if (input !== undefined) output.set(input);
        return true;
    }
}

registerProcessor('tap', Tap);
