// Tickets for relays that run elsewhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openRelayTicket, signRelayTicket } from '@nova-sonic/node';

const KEY = 'drawn at random, thirty-two bytes or more';

test('a ticket says who, until when, and what was decided', () => {
    const text = signRelayTicket(KEY, { subject: 'ada', systemPrompt: 'You tell stories.', voice: 'amy' });
    assert.match(text, /^[\w.-]+$/, 'letters that a URL takes as they are');
    const { expires, ...ticket } = openRelayTicket(KEY, text);
    assert.deepEqual(ticket, { subject: 'ada', systemPrompt: 'You tell stories.', voice: 'amy' });
    const seconds = (expires - Date.now()) / 1000;
    assert.ok(seconds > 50 && seconds <= 60, `${seconds} s`);
});

test('forged, expired and endless ones open nothing', () => {
    const text = signRelayTicket(KEY, { subject: 'ada' });
    const changed = `${text.slice(0, 5)}${text[5] === 'A' ? 'B' : 'A'}${text.slice(6)}`;
    for (const [key, forged] of [
        [KEY, changed],
        [KEY, 'no ticket'],
        ['another key that is long enough for it', text],
        [KEY, signRelayTicket(KEY, { subject: 'ada', seconds: -1 })],
        [KEY, signRelayTicket(KEY, { subject: 'ada', seconds: 7200 })],
    ]) {
        assert.throws(() => openRelayTicket(key, forged), { code: 'sign_in_required' });
    }
    assert.throws(() => signRelayTicket('short', { subject: 'ada' }), { code: 'configuration_invalid' });
    assert.throws(() => signRelayTicket(KEY, { subject: '' }), { code: 'configuration_invalid' });
});
