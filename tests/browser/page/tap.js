// Listens to what would come out of the loudspeaker, sample by sample.

class Tap extends AudioWorkletProcessor {
    constructor() {
        super();
        this.blocks = [];
        this.first = undefined;
        this.port.onmessage = () => {
            const length = this.blocks.reduce((sum, block) => sum + block.length, 0);
            const samples = new Float32Array(length);
            let at = 0;
            for (const block of this.blocks) {
                samples.set(block, at);
                at += block.length;
            }
            this.port.postMessage({ first: this.first, samples }, [samples.buffer]);
        };
    }

    process([[input]], [[output]]) {
        this.first ??= currentFrame;
        const block = input ?? new Float32Array(128);
        this.blocks.push(block.slice());
        output?.set(block);
        return true;
    }
}

registerProcessor('tap', Tap);
