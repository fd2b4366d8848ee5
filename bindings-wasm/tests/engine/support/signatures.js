// Signature Version 4, written anew from AWS's documentation with nothing but Node's hash functions: what the engine
// signs is held against it.

import { createHash, createHmac } from 'node:crypto';

import { readFrame } from './frames.js';

const SERVICE = 'bedrock';

/** The key of one UTC date and region. */
export function signingKey(secret, date, region) {
    return [date, region, SERVICE, 'aws4_request'].reduce((key, part) => mac(key, part), `AWS4${secret}`);
}

/** The signature that a presigned URL should have. */
export function presignedSignature(url, key) {
    const { host, pathname, searchParams } = new URL(url.replace(/^ws/, 'http'));
    const query = [...searchParams].filter(([name]) => name !== 'X-Amz-Signature');
    const encoded = query.map(([name, value]) => `${percent(name)}=${percent(value)}`).sort();
    const canonical = [
        'GET',
        pathname.split('/').map(percent).join('/'),
        encoded.join('&'),
        `host:${host}\n`,
        'host',
        sha256(''),
    ].join('\n');
    const time = searchParams.get('X-Amz-Date');
    const scope = searchParams.get('X-Amz-Credential').split('/').slice(1).join('/');
    return mac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
}

/** The signature that a frame should have after the one that is signed `prior`; `keyOf` gives the key of a date. */
export function chunkSignature(bytes, prior, region, keyOf) {
    const { headers, payload } = readFrame(bytes);
    const millis = headers[':date'];
    const time = new Date(Number(millis)).toISOString().replace(/[-:]|\.\d{3}/g, '');
    const date = time.slice(0, 8);
    const dateHeader = Buffer.concat([Buffer.from('\x05:date\x08'), Buffer.alloc(8)]);
    dateHeader.writeBigInt64BE(millis, 7);
    const text = [
        'AWS4-HMAC-SHA256-PAYLOAD',
        time,
        `${date}/${region}/${SERVICE}/aws4_request`,
        prior,
        sha256(dateHeader),
        sha256(payload),
    ].join('\n');
    return mac(keyOf(date), text).toString('hex');
}

function percent(text) {
    return encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(data) {
    return createHash('sha256').update(data).digest('hex');
}

function mac(key, data) {
    return createHmac('sha256', key).update(data).digest();
}
