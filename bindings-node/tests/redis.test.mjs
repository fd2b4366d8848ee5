// Limits that several processes share, in a real Redis. Two brokers, or two relays, stand for two processes: they have nothing
// but Redis in common.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { CredentialBroker, NovaSonicError, credentialsHandler, relayHandler } from '@nova-sonic/node';

import { Page } from './support/page.mjs';
import { startRedis } from './support/redis.mjs';
import { LIMIT, routeTo, startSimulator, until } from './support/stage.mjs';

const KEY = 'kept secret, the same everywhere';

function brokerOf(simulator, limits, options = {}) {
    const { role_arn: roleArn } = simulator;
    return new CredentialBroker({ ...routeTo(simulator), roleArn, sessionNameKey: KEY, limits, ...options });
}

async function codeOf(promise) {
    return await promise.then(
        () => 'issued',
        (thrown) => (thrown instanceof NovaSonicError ? thrown.code : `${thrown}`),
    );
}

test('brokers that name one Redis count a subject together, and those of another prefix do not', LIMIT, async (t) => {
    const [simulator, { url: redisUrl }] = await Promise.all([startSimulator(t), startRedis(t)]);
    const limits = { perMinute: 2, redisUrl };
    const [one, other] = [brokerOf(simulator, limits), brokerOf(simulator, limits)];
    await one.issue('ada');
    await other.issue('ada');
    for (const broker of [one, other]) {
        await assert.rejects(broker.issue('ada'), (error) => {
            assert.deepEqual([error.code, error.message], ['limit_exceeded', 'more than 2 issues of this subject in a minute']);
            assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 60_000, `${error.retryAfterMs} ms`);
            return true;
        });
    }
    await one.issue('grace');
    assert.deepEqual([one.metrics().issued, one.metrics().refusedByLimit, other.metrics().issued], [2, 1, 1]);
    await brokerOf(simulator, { ...limits, redisPrefix: 'another application' }).issue('ada');
});

test('of a subject’s requests that come at once in two processes one is served', LIMIT, async (t) => {
    const [simulator, { url: redisUrl }] = await Promise.all([startSimulator(t), startRedis(t)]);
    const brokers = [1, 2].map(() => brokerOf(simulator, { perMinute: 100, redisUrl }));
    const codes = await Promise.all(Array.from({ length: 20 }, (_, index) => codeOf(brokers[index % 2].issue('ada'))));
    const issued = codes.filter((code) => code === 'issued').length;
    assert.ok(issued >= 1 && issued + codes.filter((code) => code === 'limit_exceeded').length === 20, `${codes}`);
    assert.equal(await codeOf(brokers[1].issue('ada')), 'issued', 'afterwards there is room again');
});

test('an STS that fails for one process is spared by the others', LIMIT, async (t) => {
    const [simulator, { url: redisUrl }] = await Promise.all([startSimulator(t), startRedis(t)]);
    const unlucky = brokerOf(simulator, { redisUrl }, { endpoint: 'http://127.0.0.1:9' });
    for (const subject of ['a', 'b', 'c', 'd', 'e']) assert.equal(await codeOf(unlucky.issue(subject)), 'connection_failed');
    await assert.rejects(brokerOf(simulator, { redisUrl }).issue('f'), (error) => {
        assert.equal(error.code, 'credentials_unavailable');
        assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 10_000, `${error.retryAfterMs} ms`);
        return true;
    });
});

test('without Redis nothing is issued, a page gets 503, and nobody learns the address', LIMIT, async (t) => {
    const [simulator, redis] = await Promise.all([startSimulator(t), startRedis(t)]);
    const broker = brokerOf(simulator, { redisUrl: redis.url });
    await broker.issue('ada');
    await redis.stop();
    await assert.rejects(broker.issue('ada'), (error) => {
        assert.deepEqual([error.code, error.retryable], ['limits_unavailable', true]);
        assert.ok(!error.message.includes('redis.sock'), error.message);
        return true;
    });
    const server = createServer(credentialsHandler({ broker, authorize: () => 'ada' })).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const address = `http://127.0.0.1:${server.address().port}`;
    const response = await fetch(address, { headers: { Origin: address } });
    assert.deepEqual([response.status, (await response.json()).error.code], [503, 'limits_unavailable']);
    assert.ok(Number(response.headers.get('retry-after')) >= 1);
});

async function relayOf(t, simulator, redisUrl) {
    const relay = relayHandler({ ...routeTo(simulator), authorize: () => 'ada', perSubject: 1, redisUrl });
    const server = createServer();
    relay.attach(server, { path: '/voice' });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    return `ws://127.0.0.1:${server.address().port}/voice`;
}

test('relays that name one Redis count a subject’s conversations together', LIMIT, async (t) => {
    const [simulator, redis] = await Promise.all([startSimulator(t), startRedis(t)]);
    const [one, other] = await Promise.all([relayOf(t, simulator, redis.url), relayOf(t, simulator, redis.url)]);
    const page = new Page(t, one);
    await page.open();
    await page.until(() => page.controls.some(({ ready }) => ready), 'a place');

    const second = new Page(t, other);
    assert.deepEqual(await second.closed, { code: 4008, reason: 'relay_limit_exceeded' });

    page.end();
    await page.closed;
    await until(async () => {
        const third = new Page(t, other);
        await third.open();
        const answer = await third.until(() => third.controls[0], 'an answer');
        third.socket.close();
        return answer.ready !== undefined;
    }, 'a place that was given back');

    await redis.stop();
    const refused = new Page(t, one);
    assert.deepEqual(await refused.closed, { code: 4008, reason: 'limits_unavailable' });
});

test('an address that names no Redis is refused by its option’s name, without a word of it', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const secret = 'rediss://ada:lovelace@example.com/0';
    for (const [make, option] of [
        [() => brokerOf(simulator, { redisUrl: secret }), 'limits.redisUrl'],
        [() => relayHandler({ ...routeTo(simulator), authorize: () => 'ada', redisUrl: secret }), 'redisUrl'],
    ]) {
        assert.throws(make, (error) => {
            assert.equal(error.code, 'configuration_invalid');
            assert.ok(error.message.includes(option) && !error.message.includes('lovelace'), error.message);
            return true;
        });
    }
});
