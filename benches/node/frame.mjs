// The frames of one session, encoded, signed and decoded by the parts of the AWS SDK for JavaScript, in the order in
// which @aws-sdk/client-bedrock-runtime calls them, without its streams (which come on top in a real session).
//
// Talks in lines of JSON: says `{"first": <hex of the first frame>}`, then answers every `{"encode": n}` and
// `{"decode": n}` with `{"ns": <nanoseconds per frame>}`: of CPU time or of the clock, whichever is less, because only
// the first knows nothing of other processes and only the second nothing of the collector's threads. The first line of
// input sets the scene.

import { createInterface } from "node:readline";
import { Sha256 } from "@smithy/core/checksum";
import { EventStreamCodec } from "@smithy/core/event-streams";
import { fromBase64, fromUtf8, toBase64, toUtf8 } from "@smithy/core/serde";
import { SignatureV4 } from "@smithy/signature-v4";

const FRAME_MS = 32;
const WARM_UP_FRAMES = 2000;

const codec = new EventStreamCodec(toUtf8, fromUtf8);

function signedStream(scene) {
  const credentials = { accessKeyId: scene.accessKeyId, secretAccessKey: scene.secretAccessKey };
  const signer = new SignatureV4({ service: "bedrock", region: scene.region, credentials, sha256: Sha256 });
  const samples = Buffer.from(scene.samples, "base64");
  const pcm = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  let priorSignature = scene.seed;
  let millis = scene.millis;

  // what an application does
  const event = () => {
    const content = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString("base64");
    const { promptName, contentName } = scene;
    return new TextEncoder().encode(JSON.stringify({ event: { audioInput: { promptName, contentName, content } } }));
  };

  // what the SDK does: serialiser, inner frame, signature, outer frame
  return async () => {
    const body = fromUtf8(JSON.stringify({ bytes: toBase64(event()) }));
    const inner = codec.encode({
      headers: {
        ":event-type": { type: "string", value: "chunk" },
        ":message-type": { type: "string", value: "event" },
        ":content-type": { type: "string", value: "application/json" },
      },
      body,
    });
    const now = new Date(millis);
    millis += FRAME_MS;
    const dateHeader = { ":date": { type: "timestamp", value: now } };
    const signed = await signer.sign(
      { message: { body: inner, headers: dateHeader }, priorSignature },
      { signingDate: now, eventStreamCredentials: credentials },
    );
    priorSignature = signed.signature;
    const signature = Buffer.from(signed.signature, "hex");
    return codec.encode({
      headers: {
        ...dateHeader,
        ":chunk-signature": {
          type: "binary",
          value: new Uint8Array(signature.buffer, signature.byteOffset, signature.byteLength),
        },
      },
      body: inner,
    });
  };
}

function decode(frame) {
  const message = codec.decode(frame);
  const bytes = fromBase64(JSON.parse(toUtf8(message.body)).bytes);
  const { event } = JSON.parse(new TextDecoder().decode(bytes));
  const pcm = Buffer.from(event.audioOutput.content, "base64");
  // a view where the buffer allows one, as a player would take it
  return pcm.byteOffset % 2 === 0
    ? new Int16Array(pcm.buffer, pcm.byteOffset, pcm.byteLength / 2)
    : new Int16Array(Uint8Array.from(pcm).buffer);
}

async function main() {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  const scene = JSON.parse((await lines.next()).value);
  const encode = signedStream(scene);
  const answer = Uint8Array.from(Buffer.from(scene.answer, "base64"));
  const first = await encode();
  for (let frame = 0; frame < WARM_UP_FRAMES; frame += 1) {
    await encode();
    decode(answer);
  }
  say({ first: Buffer.from(first).toString("hex"), samples: decode(answer).length });

  for await (const line of lines) {
    const task = JSON.parse(line);
    const frames = task.encode ?? task.decode;
    const start = process.hrtime.bigint();
    const cpu = process.cpuUsage();
    if (task.encode) {
      for (let frame = 0; frame < frames; frame += 1) await encode();
    } else {
      for (let frame = 0; frame < frames; frame += 1) decode(answer);
    }
    const clock = Number(process.hrtime.bigint() - start);
    const { user, system } = process.cpuUsage(cpu);
    say({ ns: Math.min(clock, (user + system) * 1000) / frames });
  }
}

await main();
