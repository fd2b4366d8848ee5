// The list of messages that a page shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { compiled } from './compiled.mjs';

const { MessageList } = await compiled('page/messages.ts');

function says(list, turn, role, stage, text, source = 'speech') {
    list.transcript({ turn, role, stage, text }, source);
    return list.messages;
}

const seen = (list) => list.messages.map(({ role, text, stage, heard, interrupted }) => ({ role, text, stage, heard, interrupted }));

test("the user's words come in pieces and are one message", () => {
    const list = new MessageList();
    says(list, 1, 'user', 'final', 'Why is the little');
    says(list, 1, 'user', 'final', 'fox so sad?');
    assert.deepEqual(seen(list), [
        { role: 'user', text: 'Why is the little fox so sad?', stage: 'final', heard: 'Why is the little fox so sad?', interrupted: false },
    ]);
});

test('an answer is shown as planned while it is heard, and as spoken in the end', () => {
    const list = new MessageList();
    says(list, 2, 'assistant', 'partial', 'She has lost her way.');
    says(list, 2, 'assistant', 'partial', 'The owl knows it.');
    says(list, 2, 'assistant', 'final', 'She has lost her way!');
    assert.deepEqual(seen(list), [
        {
            role: 'assistant',
            text: 'She has lost her way. The owl knows it.',
            stage: 'partial',
            heard: 'She has lost her way!',
            interrupted: false,
        },
    ]);
    says(list, 2, 'assistant', 'final', ' The owl knows it!');
    list.answered();
    const spoken = 'She has lost her way! The owl knows it!';
    assert.deepEqual(seen(list), [{ role: 'assistant', text: spoken, stage: 'final', heard: spoken, interrupted: false }]);
});

test('an interrupted answer keeps its plan, and says how much of it was heard', () => {
    const list = new MessageList();
    says(list, 2, 'assistant', 'partial', 'Once upon a time there was a fox.');
    list.interrupted({ turn: 2, heardMs: 900, text: 'Once upon a time' });
    says(list, 3, 'user', 'final', 'Stop!');
    const [cut] = seen(list);
    assert.deepEqual(cut, {
        role: 'assistant',
        text: 'Once upon a time there was a fox.',
        stage: 'final',
        heard: 'Once upon a time',
        interrupted: true,
    });
});

test('messages that did not change are the same objects, and the list is another one only when something did', () => {
    const list = new MessageList();
    says(list, 1, 'user', 'final', 'Hello.');
    const before = says(list, 2, 'assistant', 'partial', 'Good');
    assert.equal(list.messages, before);
    const after = says(list, 2, 'assistant', 'partial', 'morning.');
    assert.notEqual(after, before);
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    assert.equal(after[1].id, before[1].id);
});

test('words that come late go to their own turn', () => {
    const list = new MessageList();
    says(list, 1, 'assistant', 'partial', 'Good morning.');
    says(list, 2, 'user', 'final', 'Hello.', 'text');
    says(list, 1, 'assistant', 'final', 'Good morning!');
    assert.deepEqual(
        list.messages.map(({ text, source }) => [text, source]),
        [
            ['Good morning!', 'speech'],
            ['Hello.', 'text'],
        ],
    );
});
