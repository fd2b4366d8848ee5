// From a grant to a URL and to signed frames: held against the shared vectors, and against signatures that are computed
// here with nothing of the library's own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Engine, drained, seed, thrown } from './support/engine.js';
import { readFrame } from './support/frames.js';
import { REGION, SECRET, grant } from './support/grants.js';
import { chunkSignature, presignedSignature, signingKey } from './support/signatures.js';
import { longText, vectors } from './support/vectors.js';

const NOON = '2026-11-22T13:00:00Z';

function opened(json, wall, endpoint, config = {}) {
    const engine = new Engine(JSON.stringify(config), seed(), 0);
    return { engine, url: engine.openDirect(Buffer.from(json), wall, endpoint) };
}

function queryOf(url) {
    return Object.fromEntries(new URL(url.replace(/^ws/, 'http')).searchParams);
}

test('every grant that is issued opens a URL with the signature that AWS would compute', () => {
    for (const { name, credentials, now, grant: json } of vectors('grants/issued.json')) {
        const { url } = opened(json, Date.parse(now));
        const { region, modelId } = JSON.parse(json);
        const query = queryOf(url);
        const date = query['X-Amz-Date'].slice(0, 8);
        const secret = longText(credentials.secret_access_key);
        assert.equal(query['X-Amz-Signature'], presignedSignature(url, signingKey(secret, date, region)), name);
        assert.equal(query['X-Amz-Security-Token'], longText(credentials.session_token), name);
        assert.ok(url.startsWith(`wss://bedrock-runtime.${region}.amazonaws.com`), name);
        assert.ok(url.includes(`/model/${encodeURIComponent(modelId)}/`), name);
    }
});

test('every form of grant is read as in Rust', () => {
    for (const { name, answer, text, received, reads } of vectors('grants/readings.json')) {
        const wall = Date.parse(received);
        const issuer = wall + reads.clock_offset_ms;
        const engine = new Engine('{}', seed(), 0);
        const open = () => engine.openDirect(Buffer.from(text ?? JSON.stringify(answer)), wall, 'wss://localhost:8443');
        if (Math.max(issuer, Date.parse(reads.server_time)) >= Date.parse(reads.open_before)) {
            assert.equal(thrown(open).code, 'credentials_expired', name);
            continue;
        }
        const url = open();
        const [, scopeDate, region] = queryOf(url)['X-Amz-Credential'].split('/');
        assert.equal(region, reads.region, name);
        assert.ok(url.includes(`/model/${encodeURIComponent(reads.model_id)}/`), name);
        if (reads.signing_dates.length > 0) assert.ok(reads.signing_dates.includes(scopeDate), name);
    }
});

test('answers that are no grant are refused as in Rust', () => {
    const readings = vectors('grants/readings.json');
    for (const vector of vectors('grants/malformed.json')) {
        const engine = new Engine('{}', seed(), 0);
        const answer = Buffer.from(vector.text ?? changed(readings, vector));
        const fault = thrown(() => engine.openDirect(answer, Date.parse(vector.received ?? NOON)));
        assert.deepEqual([fault.code, fault.message], [vector.error, vector.message], vector.name);
    }
});

/** The answer of a reading with one field less, or with other ones. */
function changed(readings, { answer, of, without, with: others = {} }) {
    if (answer) return JSON.stringify(answer);
    const changed = { ...readings.find(({ name }) => name === of).answer };
    delete changed[without];
    for (const [field, value] of Object.entries(others)) changed[field] = value?.repeat ? longText(value) : value;
    return JSON.stringify(changed);
}

test('a grant is wiped from the memory that it came in, and works once', () => {
    const engine = new Engine('{}', seed(), 0);
    const bytes = grant();
    engine.openDirect(bytes, 0);
    assert.ok(bytes.every((byte) => byte === 0));
    assert.equal(thrown(() => engine.openDirect(grant(), 0)).code, 'internal');
    const refused = Buffer.from('{"secretAccessKey":"a secret in an answer that is none"}');
    thrown(() => new Engine('{}', seed(), 0).openDirect(refused, 0));
    assert.ok(refused.every((byte) => byte === 0));
});

test('what is too late to be opened is refused before anything is sent', () => {
    const engine = new Engine('{}', seed(), 0);
    const late = grant({ openBefore: '1970-01-01T00:00:10Z', expiration: '1970-01-01T01:00:00Z' });
    assert.deepEqual(thrown(() => engine.openDirect(late, 10_000, undefined, 0)), {
        code: 'credentials_expired',
        message: "the policy's window to open a stream is over",
        retryable: true,
        blame: 'caller',
    });
});

test('the model of the settings goes before the one of the grant', () => {
    const { url } = opened(grant(), 0, undefined, { model: 'amazon.nova-2-5-sonic' });
    assert.ok(url.includes('/model/amazon.nova-2-5-sonic/'));
});

test('frames sign each other, also across midnight and with a clock that is off', () => {
    const issued = Date.parse('2026-11-22T23:59:50Z');
    const off = -3_600_000;
    const { engine, url } = opened(grant({ wall: issued, lifetime: 900_000 }), issued + off);
    let prior = queryOf(url)['X-Amz-Signature'];
    const keyOf = (date) => signingKey(SECRET, date, REGION);
    const dates = new Set();
    const check = (found) => {
        for (const { binary } of found) {
            if (binary === undefined) continue;
            const { headers } = readFrame(binary);
            const expected = chunkSignature(binary, prior, REGION, keyOf);
            assert.equal(headers[':chunk-signature'].toString('hex'), expected);
            dates.add(new Date(Number(headers[':date'])).toISOString().slice(0, 19));
            prior = expected;
        }
    };
    engine.connected(0);
    check(drained(engine, issued + off));
    engine.audio(10_000, new Int16Array(512));
    check(drained(engine, issued + off + 20_000));
    engine.hangup(10_001);
    check(drained(engine, issued + off + 20_001));
    assert.deepEqual([...dates], ['2026-11-22T23:59:50', '2026-11-23T00:00:10']);
});

test('a date without a key ends the conversation and says so', () => {
    const issued = Date.parse('2026-11-22T13:00:00Z');
    const { engine } = opened(grant({ wall: issued, lifetime: 900_000 }), issued);
    engine.connected(0);
    const tomorrow = drained(engine, issued + 86_400_000);
    const closed = tomorrow.find(({ event }) => event?.type === 'closed').event;
    assert.deepEqual([closed.code, closed.retryable], ['signing_key_missing', true]);
    assert.ok(!tomorrow.some(({ binary }) => binary));
});
