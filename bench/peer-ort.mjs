// SPDX-License-Identifier: LGPL-2.1-or-later
// Times one ONNX model in ONNX Runtime on the CPU; one line of JSON on stdout.
// Usage: node peer-ort.mjs PEERS MODEL.onnx THREADS RUNS     PEERS: where npm has installed it
import { createRequire } from 'node:module';
import path from 'node:path';

const WARM_UP_RUNS = 3;
const [peers, model, threads, runs] = process.argv.slice(2);
const ort = createRequire(path.join(path.resolve(peers), 'package.json'))('onnxruntime-node');

const session = await ort.InferenceSession.create(model, {
  executionProviders: ['cpu'],
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
});
const feeds = {};
for (const input of session.inputMetadata) {
  const shape = input.shape.map(Number);
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) data[i] = 2 * Math.sin(i * 0.7);
  feeds[input.name] = new ort.Tensor('float32', data, shape);
}

const times = [];
for (let i = -WARM_UP_RUNS; i < Number(runs); i++) {
  const start = process.hrtime.bigint();
  await session.run(feeds);
  if (i >= 0) times.push(Number(process.hrtime.bigint() - start) / 1e6);
}
times.sort((a, b) => a - b);
// Nearest rank, as 'vedette bench' counts.
const rank = (q) => times[Math.ceil(q * times.length) - 1];
const half = times.length / 2;
console.log(JSON.stringify({
  version: ort.env.versions.node,
  threads: Number(threads),
  min_ms: times[0],
  median_ms: (times[Math.ceil(half) - 1] + times[Math.floor(half)]) / 2,
  p90_ms: rank(0.9),
  peak_rss_mb: process.resourceUsage().maxRSS / 1024,
}));
