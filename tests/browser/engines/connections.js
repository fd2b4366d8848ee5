// Words, tools, and the way to the model: direct first, the relay when that fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startProxy } from '../support/proxy.js';
import { direct, event, events, openWorld, start, streams, withRelay } from '../support/world.js';
import { answers, says, word } from './steps.js';

const echo = {
    name: 'echo',
    turns: [{ say: [{ text: 'The first answer.' }] }, { say: [{ text: 'The second answer.' }] }],
    otherwise: 'listen',
};

export function connections(stage) {
    test(`${stage.name}: what is typed is answered, and the model calls a tool of the page`, async (t) => {
        const scenario = {
            name: 'typed',
            turns: [
                { say: [{ text: 'I can read.' }] },
                { tools: [{ name: 'get_weather', input: { city: 'Oslo' } }], then: [{ text: 'It is {{result.summary}} there.' }] },
            ],
            otherwise: 'listen',
        };
        const world = await openWorld(t, stage.browser, { scenario });
        const { page } = world;
        await page.evaluate(() => {
            window.app.extra.tools = {
                get_weather: {
                    description: 'Looks the weather up.',
                    schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
                    execute: async ({ city }) => {
                        window.asked = city;
                        return { summary: 'snowing' };
                    },
                },
            };
        });
        assert.equal(await start(page, { ...direct(world), microphone: 'muted' }), undefined);
        await says(page, 'Can you read?', 'I can read.');
        await says(page, 'And the weather?', 'It is snowing there.');
        assert.equal(await page.evaluate(() => window.asked), 'Oslo');
        const messages = await page.evaluate(() => window.app.session.messages.map(({ role, source }) => `${role} ${source}`));
        assert.deepEqual(messages, ['user text', 'assistant speech', 'user text', 'assistant speech']);
    });

    test(`${stage.name}: where the direct path is refused, the relay takes the conversation`, async (t) => {
        const world = await openWorld(t, stage.browser, { scenario: echo });
        const network = await startProxy(t, direct(world).endpoint);
        network.open = false;
        const { page, simulator } = world;
        assert.equal(await start(page, { ...withRelay(world), endpoint: network.url }), undefined);
        const [{ value }] = await events(page, 'transportChanged');
        assert.deepEqual([value.to, value.reason], ['relay', 'network_blocked']);
        // speech over the relay
        await stage.sound.speak(word);
        await answers(page, 'The first answer.');
        const [stream] = await streams(simulator, (found) => found.length > 0);
        assert.equal(stream.transport, 'relay');
        assert.deepEqual(await events(page, 'error'), []);
    });

    test(`${stage.name}: a conversation that loses its connection goes on over the relay`, async (t) => {
        const world = await openWorld(t, stage.browser, { scenario: echo });
        const network = await startProxy(t, direct(world).endpoint);
        const { page, simulator } = world;
        assert.equal(await start(page, { ...withRelay(world), microphone: 'muted', endpoint: network.url }), undefined);
        await says(page, 'One.', 'The first answer.');
        network.open = false;
        network.cut();
        const { value } = await event(page, 'transportChanged', ({ to }) => to === 'relay');
        assert.equal(value.reason, 'connection_lost');
        const renewed = await event(page, 'renewed');
        t.diagnostic(`${Math.round(renewed.value.gapMs)} ms without a connection`);
        await says(page, 'Two.', 'The first answer.');
        const messages = await page.evaluate(() => window.app.session.messages.map(({ text }) => text));
        assert.deepEqual(messages, ['One.', 'The first answer.', 'Two.', 'The first answer.']);
        const found = await streams(simulator, (list) => list.length === 2);
        assert.deepEqual(
            found.map(({ transport }) => transport),
            ['web_socket', 'relay'],
        );
        assert.deepEqual(await events(page, 'error'), []);
    });
}
