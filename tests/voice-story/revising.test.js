// A wish changes the story: by the page on the direct way, by the server on the relay.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startBrowser } from '../browser/support/chromium.js';
import { openStory, player, said, standing, start, write } from './support/story.js';
import { openWorld, report } from './support/world.js';

let browser;
const endings = [];
before(async () => (browser = await startBrowser({ after: (end) => endings.unshift(end) }, { voice: new Int16Array(16_000) })));
after(async () => {
    for (const end of endings) await end();
});

const input = { wish: 'The fox has a friend.', text: 'Once there was a fox.\n\nShe had a friend, and his name was Pip.' };
const scenario = {
    name: 'revising',
    turns: [
        {
            say: [{ text: 'Let me see.' }],
            tools: [{ name: 'revise_story', input }],
            then: [{ text: 'That is version {{result.revision}}.' }],
        },
        {
            tools: [{ name: 'revise_story', input: { wish: 'Nothing at all.', text: '' } }],
            then: [{ text: 'That did not work: {{result.error}}' }],
        },
    ],
    otherwise: 'listen',
};

for (const by of ['direct', 'relay']) {
    test(`the story changes as it is wished, on every page that shows it (${by})`, async (t) => {
        const { page, context, backend } = await openWorld(t, browser, { scenario, settings: { STORY_TRANSPORT: by } });
        const other = await context.newPage();
        report(t, other, 'another tab');
        await other.goto(backend.origin);
        await openStory(other);
        const title = await page.getByRole('heading', { level: 1 }).textContent();

        await start(page);
        await standing(page, 'listening');
        const asked = [];
        page.on('request', (request) => asked.push(new URL(request.url()).pathname));
        await write(page, 'Can the fox have a friend?');
        await said(page, 'assistant', 'That is version 2.');
        for (const shown of [page, other]) {
            await shown.locator('article[data-revision="2"]').waitFor();
            const paragraphs = shown.getByRole('article').locator('.story-text p');
            assert.deepEqual(await paragraphs.allTextContents(), input.text.split('\n\n'));
            // what is new is marked
            assert.deepEqual(await shown.getByRole('article').locator('mark').last().textContent(), 'She had a friend, and his name was Pip.');
            assert.equal(await shown.getByRole('heading', { level: 1 }).textContent(), title);
            await shown.locator('summary').click();
            await shown.getByText('“The fox has a friend.”').waitFor();
        }
        const revising = asked.filter((path) => path.endsWith('/revise/'));
        assert.equal(revising.length, by === 'direct' ? 1 : 0, 'who runs the tool');
        await player(page).getByText('The story has changed. This is version 2.').waitFor({ state: 'attached' });

        // what the server does not take is told to the model, and the story stays
        await write(page, 'And now make it empty.');
        await said(page, 'assistant', 'That did not work');
        assert.equal(await page.locator('article').getAttribute('data-revision'), '2');
        await page.reload();
        await page.locator('article[data-revision="2"]').waitFor();
        assert.equal(await page.locator('mark').count(), 0, 'nothing is new to somebody who has just come');
    });
}
