// What the programs share: their task comes on standard input, their one answer goes to standard output.

import { text } from 'node:stream/consumers';

import { converse } from './conversation.js';
import { question } from './recording.js';
import { userKeys } from './simulator.js';

/** Holds the conversation that standard input asks for with a build of the SDK. */
export async function run({ BedrockRuntimeClient, InvokeModelWithBidirectionalStreamCommand }) {
    const { simulator, credentials = userKeys(simulator) } = JSON.parse(await text(process.stdin), dates);
    const client = new BedrockRuntimeClient({
        endpoint: simulator.https,
        region: simulator.region,
        credentials,
        maxAttempts: 1,
    });
    let answer;
    try {
        answer = await converse(client, InvokeModelWithBidirectionalStreamCommand, { sound: await question() });
    } catch (error) {
        const { name, message, $metadata } = error;
        answer = { error: { name, message, status: $metadata?.httpStatusCode } };
    }
    client.destroy();
    process.stdout.write(JSON.stringify(answer));
}

/** JSON has no dates, and the SDK wants one. */
function dates(key, value) {
    return key === 'expiration' ? new Date(value) : value;
}
