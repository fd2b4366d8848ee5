// The worker: owns engine, sockets, credentials and timers, and the other ends of both audio worklets. The page's thread
// may be busy for as long as it likes; nothing here waits for it.

import type { Fault, Setup, ToWorker } from '../channel.js';
import type { FromCapture } from '../worklets/messages.js';
import { Connector } from './connector.js';
import { Conversation } from './conversation.js';
import { loadEngine } from './engine.js';
import { Hold } from './hold.js';
import { Player } from './player.js';
import { watchPolicy } from './policy.js';
import { scope, tell } from './scope.js';

/** What there is once the worker has been set up. */
interface Room {
  readonly connector: Connector;
  readonly conversation: Conversation;
}

let room: Room | undefined;
let wantsAudio = false;
let hold: Hold | undefined;

const player = new Player({
  played: (turn, samples) => room?.conversation.played(turn, samples),
  statistics: (statistics) => tell({ type: 'statistics', statistics }),
});

async function setUp(setup: Setup): Promise<void> {
  try {
    await loadEngine(setup.wasm);
  } catch (thrown) {
    const message = `the package's WebAssembly could not be loaded: ${thrown instanceof Error ? thrown.message : ''}`;
    tell({ type: 'unusable', error: { code: 'wasm_failed', message } });
    return;
  }
  if (setup.hold !== undefined) hold = new Hold(setup.hold, player);
  const connector = new Connector(setup);
  const conversation = new Conversation(setup, connector, {
    event(event) {
      // the ear first, then the page
      if (event.type === 'interrupted') player.flush(event.turn);
      if (event.type === 'interrupted' || (event.type === 'stateChanged' && event.from === 'speaking')) hold?.decided();
      if (event.type === 'closed') player.flush(Infinity);
      tell({ type: 'event', event });
    },
    sound(samples, turn) {
      player.play(turn, samples);
      if (!wantsAudio) return;
      const copy = samples.slice();
      tell({ type: 'audio', samples: copy, rate: setup.config.outputRate, turn }, [copy.buffer]);
    },
    heard: (levelDb, speaking) => hold?.heard(levelDb, performance.now(), speaking),
    connected: () => tell({ type: 'connected' }),
  });
  wantsAudio = setup.playsOnPage;
  room = { connector, conversation };
  tell({ type: 'ready' });
  connector.prepare();
}

function capture(port: MessagePort, rate: number): void {
  port.onmessage = ({ data: { samples } }: MessageEvent<FromCapture>) => {
    guarded(() => room?.conversation.hear(samples, rate));
    port.postMessage(samples, [samples.buffer]);
  };
}

function receive(message: ToWorker): void {
  switch (message.type) {
    case 'load':
      // who sets the worker up waits for the same, and tells what becomes of it
      loadEngine(message.wasm).catch(() => {});
      return;
    case 'setup':
      void setUp(message.setup);
      return;
    case 'capture':
      capture(message.port, message.rate);
      return;
    case 'playback':
      player.attach(message.port);
      return;
    case 'latency':
      player.setLatency(message.seconds);
      return;
    case 'wantAudio':
      wantsAudio = message.wanted;
      return;
  }
  if (room === undefined) return;
  const { connector, conversation } = room;
  switch (message.type) {
    case 'connect':
      void conversation.start();
      break;
    case 'answer':
      connector.answered(message.request, message.value);
      break;
    case 'sound':
      conversation.hear(floats(message.samples), message.rate);
      break;
    case 'text':
      conversation.say(message.text);
      break;
    case 'microphone':
      conversation.setMicrophone(message.position);
      break;
    case 'interrupt':
      conversation.interrupt();
      break;
    case 'toolResult':
      conversation.toolResult(message.id, message.json);
      break;
    case 'toolFailed':
      conversation.toolFailed(message.id, message.message);
      break;
    case 'played':
      conversation.played(message.turn, message.samples);
      break;
    case 'online':
      conversation.online();
      break;
    case 'close':
      player.flush(Infinity);
      void conversation.close();
      break;
  }
}

function floats(samples: Int16Array | Float32Array): Float32Array {
  return samples instanceof Float32Array ? samples : Float32Array.from(samples, (sample) => sample / 32_768);
}

/** What the engine refuses is the caller's mistake: it is told, and the conversation goes on. */
function guarded(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    // an engine that has trapped does not go on: the page hears of it, and ends the worker
    if (thrown instanceof WebAssembly.RuntimeError) throw thrown;
    tell({ type: 'event', event: { type: 'error', error: asFault(thrown) } });
  }
}

function asFault(thrown: unknown): Fault {
  if (typeof (thrown as Partial<Fault> | null)?.code === 'string') return thrown as Fault;
  return { code: 'internal', message: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown' };
}

watchPolicy();
scope.onmessage = ({ data }) => guarded(() => receive(data));
