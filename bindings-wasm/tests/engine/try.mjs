import { Engine, FOUND, memory, seed } from './support/engine.js';
import { serverEvent } from './support/frames.js';
import { grant } from './support/grants.js';
const ev = (event) => serverEvent(JSON.stringify({ event }));
const text = (id, role, stage, t, stop) => [ev({contentStart:{contentId:id,type:'TEXT',role,additionalModelFields:JSON.stringify({generationStage:stage})}}), ev({textOutput:{contentId:id,role,content:t}}), ev({contentEnd:{contentId:id,type:'TEXT',stopReason:stop}})];
const piece = ev({audioOutput:{contentId:'a',content:Buffer.alloc(1920).toString('base64')}});
const astart = ev({contentStart:{contentId:'a',role:'ASSISTANT',type:'AUDIO',audioOutputConfiguration:{sampleRateHertz:24000}}});
const aend = ev({contentEnd:{contentId:'a',type:'AUDIO',stopReason:'END_TURN'}});
const CUT = process.argv[2] ?? '8';
let now = 0, n = 0, played = new Map();
let engine = new Engine('{"playback":"reported"}', seed(), 0);
engine.openDirect(grant(), 0); engine.connected(0);
const drain = () => { for (let f; (f = engine.poll(now)) !== FOUND.nothing; ) { if (f === FOUND.event) engine.outText(); if (f === FOUND.sound) { const t = engine.outTurn(); played.set(t, (played.get(t) ?? 0) + engine.outLen()/2); engine.played(now, t, played.get(t)); } } };
const give = (list) => { for (const m of list) { engine.receivedBinary(now, m); drain(); } };
const block = new Float32Array(512).map((_, i) => Math.sin(i));
for (let minute = 1; minute <= 120; minute++) {
  for (let turn = 0; turn < 6; turn++) {
    n++;
    give(text(`u${n}`, 'USER', 'FINAL', 'And what happened then?', 'PARTIAL_TURN'));
    const t = `This is what number ${turn} of many answers has to say about the little fox.`;
    give(text(`s${n}`, 'ASSISTANT', 'SPECULATIVE', t, 'PARTIAL_TURN'));
    give([astart]);
    for (let ms = 0; ms < 10000; ms += 32) { now += 32; if (ms < 6000) give([piece]); engine.capture(now, block, 16000); drain(); engine.timeout(now); drain(); }
    give([aend]); give(text(`f${n}`, 'ASSISTANT', 'FINAL', t, 'END_TURN'));
  }
  if (minute % Number(CUT) === 0) {
    engine.disconnected(now, 1006, ''); drain();
    const next = engine.successor('{"playback":"reported"}', seed(minute % 200), now);
    engine.free(); engine = next; played = new Map();
    engine.openDirect(grant(), now); 
    if (process.argv[3]) for (let i = 0; i < Number(process.argv[3]); i++) { now += 32; engine.capture(now, block, 16000); drain(); }
    engine.connected(now); drain();
  }
  if (minute % 10 === 0) console.log(minute, memory.buffer.byteLength / 1024);
}
