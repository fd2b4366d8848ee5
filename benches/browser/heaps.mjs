// What a page and its worker hold in memory once everything that nobody needs has been collected.

/** Asks for the heaps of a page and of the workers that it starts from now on. */
export async function openHeaps(page) {
    const session = await page.context().newCDPSession(page);
    const workers = new Map();
    const answers = new Map();
    let count = 0;
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => workers.set(sessionId, targetInfo));
    session.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
    session.on('Target.receivedMessageFromTarget', ({ message }) => {
        const { id, result, error } = JSON.parse(message);
        answers.get(id)?.(error === undefined ? result : { error });
    });
    await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });

    /** A command to the worker, whose session travels in messages of the page's. */
    const inWorker = (sessionId) => async (method, params = {}) => {
        count += 1;
        const id = count;
        const answer = new Promise((resolve) => answers.set(id, resolve));
        await session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) });
        const { error, ...result } = await answer;
        answers.delete(id);
        if (error !== undefined) throw new Error(`${method}: ${error.message}`);
        return result;
    };

    return {
        /** Bytes: of the page's objects, of the worker's, and of the worker's WebAssembly. */
        async read() {
            const pageBytes = await usedBy((method, params) => session.send(method, params));
            const found = [...workers].filter(([, { type }]) => type === 'worker');
            if (found.length !== 1) throw new Error(`the page has ${found.length} workers`);
            const worker = inWorker(found[0][0]);
            return { page: pageBytes, worker: await usedBy(worker), wasm: await wasmOf(worker) };
        },
    };
}

async function usedBy(send) {
    // what finalizers let go of is collected the second time
    for (let round = 0; round < 2; round += 1) await send('HeapProfiler.collectGarbage');
    return (await send('Runtime.getHeapUsage')).usedSize;
}

/** The module keeps its memory to itself, but the debugger finds every object of a kind. */
async function wasmOf(send) {
    const { result: prototype } = await send('Runtime.evaluate', { expression: 'WebAssembly.Memory.prototype' });
    const { objects } = await send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId });
    const functionDeclaration = 'function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }';
    const { result } = await send('Runtime.callFunctionOn', {
        objectId: objects.objectId,
        functionDeclaration,
        returnByValue: true,
    });
    for (const { objectId } of [prototype, objects]) await send('Runtime.releaseObject', { objectId });
    return result.value;
}
