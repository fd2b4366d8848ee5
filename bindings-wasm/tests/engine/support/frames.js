// Event-stream frames, written and read with nothing of the library's own. Source: Smithy 2.0, "Amazon Event Stream
// Specification".

import { crc32 } from 'node:zlib';

const TIMESTAMP = 8;
const BYTES = 6;
const TEXT = 7;

/** One frame with text headers. */
export function writeFrame(headers, payload) {
    const block = Buffer.concat(
        Object.entries(headers).map(([name, value]) => {
            const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
            const length = Buffer.alloc(3);
            length.writeUInt8(TEXT);
            length.writeUInt16BE(valueBytes.length, 1);
            return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, length, valueBytes]);
        }),
    );
    const body = Buffer.from(payload);
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(16 + block.length + body.length);
    prelude.writeUInt32BE(block.length, 4);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    const checked = Buffer.concat([prelude, block, body]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(checked));
    return Buffer.concat([checked, checksum]);
}

/** `{ headers, payload }` of one frame that fills `bytes`; a wrong length or checksum throws. */
export function readFrame(bytes) {
    const [total, headersLength] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
    if (total !== bytes.length) throw new Error(`a frame of ${total} bytes in ${bytes.length}`);
    if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) throw new Error('checksum of the prelude');
    if (crc32(bytes.subarray(0, total - 4)) !== bytes.readUInt32BE(total - 4)) throw new Error('checksum of the frame');
    const headers = {};
    const end = 12 + headersLength;
    for (let at = 12; at < end; ) {
        const nameEnd = at + 1 + bytes[at];
        const name = bytes.toString('utf8', at + 1, nameEnd);
        const kind = bytes[nameEnd];
        at = nameEnd + 1;
        if (kind === TIMESTAMP) {
            headers[name] = bytes.readBigInt64BE(at);
            at += 8;
        } else if (kind === TEXT || kind === BYTES) {
            const value = bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at));
            headers[name] = kind === TEXT ? value.toString('utf8') : value;
            at += 2 + value.length;
        } else {
            throw new Error(`a header of type ${kind}`);
        }
    }
    return { headers, payload: bytes.subarray(end, total - 4) };
}

/** The event in a signed frame of a client; `null` for the empty one that ends a stream. */
export function readClientEvent(bytes) {
    const outer = readFrame(bytes);
    if (outer.payload.length === 0) return null;
    const inner = readFrame(outer.payload);
    return JSON.parse(Buffer.from(JSON.parse(inner.payload).bytes, 'base64')).event;
}

/** The frame of one event of the service, from its JSON. */
export function serverEvent(json) {
    const payload = JSON.stringify({ bytes: Buffer.from(json).toString('base64') });
    return writeFrame(
        { ':message-type': 'event', ':event-type': 'chunk', ':content-type': 'application/json' },
        payload,
    );
}

/** The frame of an exception. */
export function serverException(name, message) {
    return writeFrame(
        { ':message-type': 'exception', ':exception-type': name, ':content-type': 'application/json' },
        JSON.stringify({ message }),
    );
}
