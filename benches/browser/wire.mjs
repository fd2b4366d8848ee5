// Event-stream frames as the service sends and takes them, by the library that the AWS SDK for JavaScript uses.

import { createHash, createHmac } from 'node:crypto';

import { EventStreamCodec } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const HEADERS = {
    ':event-type': { type: 'string', value: 'chunk' },
    ':message-type': { type: 'string', value: 'event' },
    ':content-type': { type: 'string', value: 'application/json' },
};

/** A frame of the service with one event. */
export function frameOf(event) {
    const bytes = Buffer.from(JSON.stringify({ event })).toString('base64');
    return codec.encode({ headers: HEADERS, body: fromUtf8(JSON.stringify({ bytes })) });
}

/** What a signed frame of a client holds: its event, or nothing at the end of its input. */
export function readFrame(bytes) {
    const { headers, body } = codec.decode(view(bytes));
    const inner = body.length > 0 ? codec.decode(body) : undefined;
    return {
        date: headers[':date'].value,
        signature: Buffer.from(headers[':chunk-signature'].value).toString('hex'),
        body,
        event: inner && JSON.parse(Buffer.from(JSON.parse(toUtf8(inner.body)).bytes, 'base64').toString()).event,
    };
}

/** Checks the signatures of one stream's frames, each of which seals the one before. */
export class Signatures {
    #secret;
    #prior;
    #keys = new Map();

    /** `url` is the presigned address of the stream, whose signature is the chain's beginning. */
    constructor(url, secret) {
        const query = new URL(url, 'https://localhost').searchParams;
        this.#prior = query.get('X-Amz-Signature');
        this.scope = query.get('X-Amz-Credential').split('/').slice(1).join('/');
        this.#secret = secret;
    }

    /** Whether this frame is the next one and nobody has changed it. */
    accept({ date, signature, body }) {
        const time = date.toISOString().replace(/[-:]|\.\d+/g, '');
        const [, region, service] = this.scope.split('/');
        const header = Buffer.alloc(15);
        header.write('\u0005:date\u0008', 'latin1');
        header.writeBigInt64BE(BigInt(date.getTime()), 7);
        const scope = [time.slice(0, 8), region, service, 'aws4_request'].join('/');
        const text = ['AWS4-HMAC-SHA256-PAYLOAD', time, scope, this.#prior, sha256(header), sha256(body)].join('\n');
        this.#prior = signature;
        return hmac(this.#key(scope), text).toString('hex') === signature;
    }

    #key(scope) {
        const known = this.#keys.get(scope);
        if (known !== undefined) return known;
        const key = scope.split('/').reduce(hmac, `AWS4${this.#secret}`);
        this.#keys.set(scope, key);
        return key;
    }
}

function hmac(key, text) {
    return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes) {
    return createHash('sha256').update(bytes).digest('hex');
}

function view(bytes) {
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
