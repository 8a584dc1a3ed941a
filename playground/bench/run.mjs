// What the page achieves in a browser: time between frames while it trains as fast as it can,
// epochs a second against TensorFlow Playground's own engine, first paint, and bytes. Figures are
// of one run on one machine: run it on a quiet one.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const root = new URL("..", import.meta.url).pathname;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const SECONDS = 8;

/**
 * Milliseconds that TensorFlow Playground's engine takes for an epoch of 250 points in batches of
 * 10, under Node 20 at 2.5 GHz.
 */
const peers = [
  { name: "4-2 tanh", layers: "4:tanh,2:tanh", milliseconds: 0.48, aim: 5 },
  { name: "8-8-8 tanh", layers: "8:tanh,8:tanh,8:tanh", milliseconds: 2.1, aim: 10 },
];

await build({ root, logLevel: "warn", configFile: `${root}/vite.config.ts` });
const server = await preview({
  root,
  configFile: `${root}/vite.config.ts`,
  preview: { port: 0, host: "127.0.0.1" },
  logLevel: "warn",
});
const url = server.resolvedUrls.local[0];
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

async function open(hash) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${url}#${hash}`);
  await page.waitForFunction(() => document.querySelector("#train-loss")?.textContent !== "–");
  return page;
}

/** Seconds that the page's main thread has worked so far: all in all, and on scripts. */
async function spent(devtools) {
  const { metrics } = await devtools.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** Plays, and measures the time between frames and the epochs a second. */
async function measure(hash) {
  const page = await open(hash);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.waitForTimeout(1000);
  const before = await spent(devtools);
  const result = await page.evaluate(async (seconds) => {
    const epoch = () => Number(document.querySelector("#epoch").textContent.replace(/\D/g, ""));
    const gaps = [];
    const began = performance.now();
    const first = epoch();
    let last = began;
    await new Promise((resolve) => {
      const frame = (now) => {
        gaps.push(now - last);
        last = now;
        if (now - began < seconds * 1000) requestAnimationFrame(frame);
        else resolve();
      };
      requestAnimationFrame(frame);
    });
    return { gaps: gaps.slice(1), epochs: (epoch() - first) / ((performance.now() - began) / 1000) };
  }, SECONDS);
  const after = await spent(devtools);
  await page.close();
  return {
    ...result,
    thread: after.ThreadTime - before.ThreadTime,
    script: after.ScriptDuration - before.ScriptDuration,
  };
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

console.log(
  "| while training at full speed | frames a second | median gap | 95 % | 99 % | longest | gaps above 25 ms | main thread a frame | of it scripts |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const [name, hash] of [
  ["nothing trains (the browser's own pace)", "pace=full&stopEpochs=1"],
  ["default network, cards folded", "pace=full&open="],
  ["default network, cards open", "pace=full"],
  ["with kinks and regions", "pace=full&kinkLines=1&overlay=regions"],
  ["8-8-8 on the spiral", "pace=full&layers=8:relu,8:relu,8:relu&data=spiral"],
]) {
  const { gaps, thread, script } = await measure(hash);
  const sorted = gaps.toSorted((a, b) => a - b);
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  const late = gaps.filter((gap) => gap > 25).length;
  const shown = [0.5, 0.95, 0.99, 1].map((share) => `${at(sorted, share).toFixed(1)} ms`).join(" | ");
  const work = [thread, script].map((seconds) => `${((1000 * seconds) / gaps.length).toFixed(2)} ms`).join(" | ");
  const pace = ((1000 * gaps.length) / total).toFixed(1);
  console.log(`| ${name} | ${pace} | ${shown} | ${late} of ${gaps.length} | ${work} |`);
}

console.log(
  "\n| network, batches of 10 of 250 points | epochs a second, page drawn | TensorFlow Playground's engine alone | ratio | aim |",
);
console.log("| --- | --- | --- | --- | --- |");
for (const { name, layers, milliseconds, aim } of peers) {
  const { epochs } = await measure(`pace=full&open=&layers=${layers}`);
  const theirs = 1000 / milliseconds;
  console.log(`| ${name} | ${Math.round(epochs)} | ${Math.round(theirs)} | ${(epochs / theirs).toFixed(1)} | ${aim} |`);
}

const paints = [];
for (let i = 0; i < 5; ++i) {
  const page = await open("");
  paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  await page.close();
}
console.log(
  `\nFirst paint: ${at(
    paints.toSorted((a, b) => a - b),
    0.5,
  ).toFixed(0)} ms (median of ${paints.length}).`,
);

let total = 0;
for (const file of readdirSync(`${root}/dist`, { recursive: true, withFileTypes: true })) {
  if (!file.isFile()) continue;
  const bytes = gzipSync(readFileSync(`${file.parentPath}/${file.name}`)).length;
  total += bytes;
  console.log(`${file.name}: ${(bytes / 1000).toFixed(1)} KB compressed`);
}
console.log(`Together ${(total / 1000).toFixed(1)} KB.`);

await browser.close();
await server.close();
