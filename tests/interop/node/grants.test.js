// The SDK with a plain grant, as a page uses it that was written for AWS's own credentials: a stream, and nothing else.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    BedrockRuntimeClient,
    ConverseCommand,
    ConverseStreamCommand,
    CountTokensCommand,
    InvokeModelCommand,
    InvokeModelWithBidirectionalStreamCommand as StreamCommand,
    InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import {
    AssumeRoleCommand,
    GetAccessKeyInfoCommand,
    GetCallerIdentityCommand,
    GetFederationTokenCommand,
    GetSessionTokenCommand,
    STSClient,
} from '@aws-sdk/client-sts';

import { inChild } from './support/child.js';
import { converse } from './support/conversation.js';
import { credentialsOf, issueGrant } from './support/grants.js';
import { question } from './support/recording.js';
import { startSimulator, userKeys } from './support/simulator.js';

const LIMIT = { timeout: 400_000 };
const SONIC = 'amazon.nova-2-sonic-v1:0';
const OTHER_SONIC = 'amazon.nova-2-5-sonic';
const LITE = 'amazon.nova-2-lite-v1:0';
const ELSEWHERE = 'us-west-2';

for (const [build, program] of [['Node', 'node.js'], ['browsers', 'browser.js']]) {
    for (const [way, task] of [['a role', {}], ['a federation token', { role_arn: null }]]) {
        test(`a plain grant by way of ${way} opens a stream in the build for ${build}`, LIMIT, async (t) => {
            const simulator = await startSimulator(t);
            const { grant } = await issueGrant(simulator, task);
            assert.equal(grant.region, simulator.region);
            assert.equal(grant.modelId, SONIC);
            const heard = await inChild(program, simulator, simulator.ca, credentialsOf(grant));
            assert.ok(heard.audioBytes > 0, JSON.stringify(heard.error));
        });
    }
}

test('what a plain grant is good for besides: to be told whose it is', LIMIT, async (t) => {
    const simulator = await startSimulator(t);
    const { grant, session_name: name } = await issueGrant(simulator);
    const sts = client(t, STSClient, simulator, credentialsOf(grant));
    const { Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
    assert.equal(arn, `${simulator.role_arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${name}`);
});

test('every way out is refused, and by the policy alone', LIMIT, async (t) => {
    const simulator = await startSimulator(t, { options: ['--also-region', ELSEWHERE] });
    const { grant } = await issueGrant(simulator);

    const refused = await outcomes(t, simulator, credentialsOf(grant));
    for (const [attempt, outcome] of refused) assert.deepEqual(outcome, ['AccessDenied', 403], attempt);
    t.diagnostic(`the SDK tried ${refused.size} ways out, all of them refused`);

    const open = await outcomes(t, simulator, userKeys(simulator));
    // a speech model writes for nobody
    const closed = [...open].filter(([, outcome]) => outcome !== undefined);
    assert.deepEqual(closed.map(([attempt]) => attempt), ['InvokeModelWithResponseStream of Sonic', 'ConverseStream of Sonic', 'CountTokens of Sonic']);
    for (const [attempt, outcome] of closed) assert.deepEqual(outcome, ['Validation', 400], attempt);
});

/** What came of each attempt with these credentials: name and status of the refusal, or nothing. */
async function outcomes(t, simulator, credentials) {
    const bedrock = client(t, BedrockRuntimeClient, simulator, credentials);
    const elsewhere = client(t, BedrockRuntimeClient, { ...simulator, region: ELSEWHERE }, credentials);
    const sts = client(t, STSClient, simulator, credentials);
    const seen = new Map();
    for (const [name, attempt] of attempts(simulator, { bedrock, elsewhere, sts })) {
        seen.set(name, await attempt().then(() => undefined, refusal));
    }
    return seen;
}

function refusal({ name, $metadata }) {
    return [name.replace(/Exception$/, ''), $metadata?.httpStatusCode];
}

function* attempts(simulator, { bedrock, elsewhere, sts }) {
    const messages = [{ role: 'user', content: [{ text: 'hello' }] }];
    const body = JSON.stringify({ messages });
    const typed = { contentType: 'application/json', body };
    const input = { converse: { messages } };
    const role = { RoleArn: simulator.role_arn, RoleSessionName: 'ns-again' };

    yield ['InvokeModel', () => bedrock.send(new InvokeModelCommand({ modelId: LITE, ...typed }))];
    yield ['InvokeModel elsewhere', () => elsewhere.send(new InvokeModelCommand({ modelId: LITE, ...typed }))];
    yield ['Converse', () => bedrock.send(new ConverseCommand({ modelId: LITE, messages }))];
    for (const [of, modelId] of [['', LITE], [' of Sonic', SONIC]]) {
        yield [`InvokeModelWithResponseStream${of}`, () => bedrock.send(new InvokeModelWithResponseStreamCommand({ modelId, ...typed }))];
        yield [`ConverseStream${of}`, () => bedrock.send(new ConverseStreamCommand({ modelId, messages }))];
        yield [`CountTokens${of}`, () => bedrock.send(new CountTokensCommand({ modelId, input }))];
    }
    yield ['a stream with another model', () => talk(bedrock, OTHER_SONIC)];
    yield ['a stream elsewhere', () => talk(elsewhere, SONIC)];
    yield ['AssumeRole', () => sts.send(new AssumeRoleCommand(role))];
    yield ['GetFederationToken', () => sts.send(new GetFederationTokenCommand({ Name: 'ns-again' }))];
    yield ['GetSessionToken', () => sts.send(new GetSessionTokenCommand({}))];
    yield ['GetAccessKeyInfo', () => sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: 'ASIAIOSFODNN7EXAMPLE' }))];
}

async function talk(client, modelId) {
    return converse(client, StreamCommand, { sound: await question(), modelId });
}

function client(t, Client, { http: endpoint, region }, credentials) {
    const client = new Client({ endpoint, region, credentials, maxAttempts: 1 });
    t.after(() => client.destroy());
    return client;
}
