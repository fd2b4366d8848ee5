import { build } from 'esbuild';
import { startServer } from './server.mjs';
import { delays, LOADS } from './delays.mjs';
const r = await build({ stdin: { contents: "export { BedrockRuntimeClient, InvokeModelWithBidirectionalStreamCommand } from '@aws-sdk/client-bedrock-runtime';", resolveDir: '.' }, bundle: true, minify: true, format: 'esm', platform: 'browser', write: false, legalComments: 'none' });
const server = await startServer({ 'sdk-bundle.js': r.outputFiles[0].text });
const q=(l,p)=>[...l].sort((a,b)=>a-b)[Math.min(l.length-1,Math.floor(l.length*p))]?.toFixed(1);
const [,, subject, load, n] = process.argv;
try {
  const d = await delays(server, subject, LOADS[load], { seconds: 8, interruptions: Number(n??10) });
  for (const k of ['lateness','begins','ends']) console.log(k, d[k].length, [.5,.75,.95,.99,1].map(p=>q(d[k],p)).join(' '));
  console.log(d.gaps, d.broken);
} finally { server.close(); }
process.exit(0);
