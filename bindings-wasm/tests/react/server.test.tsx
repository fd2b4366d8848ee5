// On a server: nothing is touched that only browsers have.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ReactElement } from 'react';
import { renderToString } from 'react-dom/server';

import {
  LevelMeter,
  TalkButton,
  Transcript,
  VoiceSessionProvider,
  useVoiceEvent,
  useVoiceTool,
} from '../../web/react/index.js';

function Page(): ReactElement {
  useVoiceEvent('error', () => {});
  useVoiceTool('look_up', { description: 'Looks a word up.', execute: () => 'found' });
  return (
    <>
      <TalkButton />
      <TalkButton mode="hold" />
      <Transcript />
      <LevelMeter />
    </>
  );
}

test('a server renders the page as it is before any conversation, without a complaint or an inline style', () => {
  assert.equal(typeof document, 'undefined', 'this test needs a place without a page');
  const complaints: unknown[] = [];
  const complain = console.error;
  console.error = (...complaint: unknown[]) => complaints.push(complaint);
  let markup: string;
  try {
    markup = renderToString(
      <VoiceSessionProvider credentials="/api/aws-credentials/">
        <Page />
      </VoiceSessionProvider>,
    );
  } finally {
    console.error = complain;
  }
  assert.deepEqual(complaints, []);
  assert.match(markup, /<button[^>]*aria-pressed="false"[^>]*data-state="idle"[^>]*>Talk<\/button>/);
  assert.match(markup, /<div[^>]*role="log"/);
  assert.doesNotMatch(markup, /style=/);
});
