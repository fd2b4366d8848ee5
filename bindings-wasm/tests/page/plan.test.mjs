// Which connections are tried after one has failed, and when nobody tries any more.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { compiled } from './compiled.mjs';

const { firstPlan, retryPlan } = await compiled('worker/plan.ts');

const both = { transport: 'auto', grant: { kind: 'page' }, relay: true, reconnectMs: 60_000 };
const lost = { code: 'connection_lost' };

let now = 0;
beforeEach(() => (now = 0));
performance.now = () => now;

/** Every attempt, where each one fails as `failure` says: of which kind, and after which pause. */
function attempts(next, failure, first) {
    const made = [];
    let fault = first;
    for (let attempt = next(fault); attempt !== undefined; attempt = next(fault)) {
        now += attempt.pauseMs;
        made.push([attempt.kind, attempt.pauseMs]);
        fault = failure(attempt.kind);
        assert.ok(made.length < 100, 'it ends');
    }
    return made;
}

test('the first connection is tried once on each path that there is', () => {
    const kinds = (setup) => attempts(firstPlan({ ...both, ...setup }), () => lost).map(([kind]) => kind);
    assert.deepEqual(kinds({}), ['direct', 'relay']);
    assert.deepEqual(kinds({ transport: 'direct' }), ['direct']);
    assert.deepEqual(kinds({ transport: 'relay' }), ['relay']);
    assert.deepEqual(kinds({ relay: false }), ['direct']);
});

test('a connection that broke is sought for about a minute, with pauses that grow', () => {
    const made = attempts(retryPlan('direct', lost, both), () => ({ code: 'relay_unreachable' }), lost);
    assert.deepEqual(made.slice(0, 6), [['relay', 0], ['direct', 0], ['relay', 1_000], ['direct', 2_000], ['relay', 4_000], ['direct', 5_000]]);
    assert.ok(now > 50_000 && now <= 60_000, `${now} ms`);
    assert.ok(made.every(([, pause]) => pause <= 5_000), 'a server that is there again is found soon');
});

test('a relay alone is tried for as long', () => {
    const made = attempts(retryPlan('relay', lost, { ...both, transport: 'relay' }), () => ({ code: 'relay_unreachable' }), lost);
    assert.ok(made.every(([kind]) => kind === 'relay'));
    assert.ok(now > 50_000 && now <= 60_000, `${now} ms`);
});

test('attempts that take long count as well', () => {
    const slow = () => {
        now += 10_000;
        return { code: 'open_timeout' };
    };
    attempts(retryPlan('relay', lost, { ...both, transport: 'relay' }), slow, lost);
    assert.ok(now <= 75_000, `${now} ms`);
});

test('what lasts is not tried again, and the other path still is', () => {
    const failure = (kind) => (kind === 'relay' ? { code: 'sign_in_required' } : { code: 'network_blocked' });
    const kinds = attempts(retryPlan('direct', lost, both), failure, lost).map(([kind]) => kind);
    assert.equal(kinds.filter((kind) => kind === 'relay').length, 1);
    assert.ok(kinds.filter((kind) => kind === 'direct').length > 5);
    const nowhere = attempts(retryPlan('direct', lost, both), () => ({ code: 'anything', retryable: false }), lost);
    assert.deepEqual(nowhere, [['relay', 0], ['direct', 0]]);
});

test('without patience, each path is tried once', () => {
    const made = attempts(retryPlan('direct', lost, { ...both, reconnectMs: 0 }), () => lost, lost);
    assert.deepEqual(made, [['relay', 0], ['direct', 0]]);
});

test('what has nothing to do with the path begins with the same one', () => {
    const [first] = attempts(retryPlan('direct', { code: 'model_timeout' }, both), () => lost, { code: 'model_timeout' });
    assert.deepEqual(first, ['direct', 0]);
});
