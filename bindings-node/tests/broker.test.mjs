// Credentials for browsers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { CredentialBroker, NovaSonicError } from '@nova-sonic/node';

import { LIMIT, routeTo, startSimulator } from './support/stage.mjs';

const KEY = 'kept secret, the same everywhere';

function brokerOf(simulator, options = {}) {
    return new CredentialBroker({ ...routeTo(simulator), roleArn: simulator.role_arn, sessionNameKey: KEY, ...options });
}

test('a grant opens one model for a quarter of an hour, and shows its secrets in one place alone', LIMIT, async (t) => {
    const broker = brokerOf(await startSimulator(t));
    const grant = await broker.issue('ada');
    assert.deepEqual([grant.mode, grant.region, grant.model], ['signing-keys', 'us-east-1', 'amazon.nova-2-sonic-v1:0']);
    const minutes = (grant.expiration - grant.serverTime) / 60_000;
    assert.ok(minutes > 14 && minutes <= 15.1, `${minutes} minutes`);
    assert.ok(grant.serverTime < grant.openBefore && grant.openBefore < grant.expiration);

    const given = JSON.parse(grant.toJson());
    const secrets = [given.sessionToken, ...given.signingKeys.map(({ key }) => key)];
    assert.ok(secrets.length > 1 && secrets.every((secret) => secret.length > 20));
    const shown = [inspect(grant, { showHidden: true, depth: 9 }), JSON.stringify(grant), String(grant), inspect({ ...grant })].join();
    for (const secret of secrets) assert.ok(!shown.includes(secret));

    const { record } = grant;
    assert.equal(record.subjectHash, broker.subjectHash('ada'));
    assert.ok(record.expiration instanceof Date && record.attempts === 1 && record.id.length > 8);
    assert.equal(broker.metrics().issued, 1);
});

test('plain credentials are for those who ask for them', LIMIT, async (t) => {
    const grant = await brokerOf(await startSimulator(t), { mode: 'plain' }).issue('ada');
    assert.equal(grant.mode, 'plain');
    assert.equal(typeof JSON.parse(grant.toJson()).secretAccessKey, 'string');
});

test('a probe proves that nothing else is opened', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const results = await brokerOf(simulator).probe({ endpoint: simulator.http });
    assert.ok(results.length > 8);
    assert.deepEqual(results.filter(({ passed }) => !passed), []);
});

test('a limit is an error that says when to ask again', LIMIT, async (t) => {
    const broker = brokerOf(await startSimulator(t), { limits: { perMinute: 1 } });
    await broker.issue('ada');
    await assert.rejects(broker.issue('ada'), (error) => {
        assert.ok(error instanceof NovaSonicError);
        assert.deepEqual([error.code, error.retryable], ['limit_exceeded', true]);
        assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= 60_000, `${error.retryAfterMs} ms`);
        return true;
    });
    await broker.issue('grace');
    assert.deepEqual([broker.metrics().issued, broker.metrics().refusedByLimit], [2, 1]);
});

test('what AWS refuses has AWS’s name beside the code', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const stranger = brokerOf(simulator, { roleArn: 'arn:aws:iam::123456789012:role/no-such-role' });
    await assert.rejects(stranger.issue('ada'), (error) => {
        assert.deepEqual([error.code, error.awsName], ['role_not_assumable', 'AccessDenied']);
        assert.ok(error.requestId.length > 8 && !error.message.includes('123456789012'));
        return true;
    });
    await assert.rejects(brokerOf(simulator, { endpoint: 'http://127.0.0.1:9' }).issue('ada'), { code: 'connection_failed' });
    await assert.rejects(brokerOf(simulator).issue(''), { code: 'subject_invalid' });
});

test('the server’s own credentials may come from a function, asked each time', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    let asked = 0;
    const credentials = async () => {
        asked += 1;
        return routeTo(simulator).credentials;
    };
    const broker = brokerOf(simulator, { credentials });
    await broker.issue('ada');
    await broker.issue('grace');
    assert.equal(asked, 2);
});

test('options that cannot be are refused by name', () => {
    const options = { region: 'us-east-1', roleArn: 'arn:aws:iam::123456789012:role/voice', sessionNameKey: KEY };
    for (const [changed, named] of [
        [{ region: undefined }, /region/],
        [{ roleArn: undefined }, /roleArn/],
        [{ roleArn: 'arn:aws:iam::123456789012:user/ada' }, /roleArn names an IAM user/],
        [{ sessionNameKey: 'short' }, /sessionNameKey/],
        [{ models: ['anthropic.*'] }, /models/],
        [{ limits: { perDay: 0 } }, /limits\.perDay/],
        [{ sourceNetworks: ['everywhere'] }, /sourceNetworks/],
    ]) {
        assert.throws(() => new CredentialBroker({ ...options, ...changed }), (error) => {
            assert.ok(error instanceof NovaSonicError);
            assert.match(error.message, named);
            return true;
        });
    }
});
