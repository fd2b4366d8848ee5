// What a backend does for a browser: a role assumed with a session policy, and a stream opened with what it gave.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    AccessDeniedException,
    BedrockRuntimeClient,
    InvokeModelWithBidirectionalStreamCommand as Command,
} from '@aws-sdk/client-bedrock-runtime';
import {
    AssumeRoleCommand,
    GetCallerIdentityCommand,
    GetFederationTokenCommand,
    MalformedPolicyDocumentException,
    PackedPolicyTooLargeException,
    STSClient,
} from '@aws-sdk/client-sts';

import { inChild } from './support/child.js';
import { converse } from './support/conversation.js';
import { question } from './support/recording.js';
import { startSimulator, userKeys } from './support/simulator.js';

const LIMIT = { timeout: 400_000 };

function policy(resource) {
    return JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'bedrock:InvokeModel', Resource: resource }],
    });
}

const model = (simulator, id) => `arn:aws:bedrock:${simulator.region}::foundation-model/${id}`;
const sonic = (simulator) => policy(model(simulator, 'amazon.nova-2-sonic-v1:0'));

function sts(t, simulator, credentials = userKeys(simulator)) {
    const client = new STSClient({ endpoint: simulator.http, region: simulator.region, credentials, maxAttempts: 1 });
    t.after(() => client.destroy());
    return client;
}

async function assume(t, simulator, session) {
    const command = new AssumeRoleCommand({
        RoleArn: simulator.role_arn,
        RoleSessionName: 'child-7',
        DurationSeconds: 900,
        ...session,
    });
    const { Credentials: issued } = await sts(t, simulator).send(command);
    return {
        accessKeyId: issued.AccessKeyId,
        secretAccessKey: issued.SecretAccessKey,
        sessionToken: issued.SessionToken,
        expiration: issued.Expiration,
    };
}

async function talk(t, simulator, credentials) {
    const client = new BedrockRuntimeClient({
        endpoint: simulator.http,
        region: simulator.region,
        credentials,
        maxAttempts: 1,
    });
    t.after(() => client.destroy());
    return converse(client, Command, { sound: await question() });
}

test('what an assumed role gives opens what its session policy allows', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const credentials = await assume(t, simulator, { Policy: sonic(simulator), SourceIdentity: 'child-7' });
    const identity = await sts(t, simulator, credentials).send(new GetCallerIdentityCommand({}));
    assert.equal(identity.Arn, 'arn:aws:sts::123456789012:assumed-role/nova-sonic-voice/child-7');
    const heard = await talk(t, simulator, credentials);
    assert.ok(heard.audioBytes > 0);
});

test('the same credentials open the WebSocket of the build for browsers', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const credentials = await assume(t, simulator, { Policy: sonic(simulator) });
    const heard = await inChild('browser.js', simulator, simulator.ca, credentials);
    assert.ok(heard.audioBytes > 0, JSON.stringify(heard.error));
});

test('a session policy for another model keeps this one shut', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const Policy = policy(model(simulator, 'amazon.nova-2-5-sonic'));
    const credentials = await assume(t, simulator, { Policy });
    await assert.rejects(talk(t, simulator, credentials), (error) => {
        assert.ok(error instanceof AccessDeniedException, error.name);
        assert.match(error.message, /assumed-role\/nova-sonic-voice\/child-7 is not authorized to perform: bedrock:InvokeModel/);
        return true;
    });
});

test('a federation token without a policy opens nothing', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const { Credentials: issued } = await sts(t, simulator).send(new GetFederationTokenCommand({ Name: 'child-7' }));
    const credentials = {
        accessKeyId: issued.AccessKeyId,
        secretAccessKey: issued.SecretAccessKey,
        sessionToken: issued.SessionToken,
    };
    await assert.rejects(talk(t, simulator, credentials), AccessDeniedException);
});

test('policies that are none, or too large, are refused by class', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    await assert.rejects(assume(t, simulator, { Policy: '{}' }), MalformedPolicyDocumentException);
    const Tags = Array.from({ length: 9 }, (_, number) => ({ Key: `k${number}`, Value: 'v'.repeat(256) }));
    await assert.rejects(assume(t, simulator, { Tags }), PackedPolicyTooLargeException);
});

test('credentials that have had their time are refused', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { options: ['--session-seconds', '2'] });
    const { expiration, ...credentials } = await assume(t, simulator, { Policy: sonic(simulator) });
    await new Promise((resolve) => setTimeout(resolve, expiration.getTime() - Date.now() + 50));
    await assert.rejects(talk(t, simulator, credentials), (error) => {
        assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['ExpiredTokenException', 403]);
        return true;
    });
});
