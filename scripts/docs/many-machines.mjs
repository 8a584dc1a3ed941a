// Computes the table of docs/many-machines.md that says what follows for many workers, by a
// simulation of queue and workers, and writes it there; --check compares.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { count, holds, root, table, updatePage } from "./page.mjs";

const bench = readFileSync(join(root, "bench/README.md"), "utf8");

/** A figure of bench/README.md: the number in the row that begins so. */
function measured(name) {
  const [, cell] = bench.match(new RegExp(`^\\| ${name}[^|]*\\|(?:[^|\\n]*\\|)*? ([\\d.,]+)[^|\\n]*\\|$`, "m"));
  return Number(cell.replace(/,/g, ""));
}

/** Seconds that a task takes Redis, which does one thing at a time. */
const QUEUE = measured("Redis's time") / 1000;
/**
 * Seconds that a task takes its worker beside the fit: measured with two on one machine, and a
 * millisecond for the network.
 */
const BESIDE = (2 * measured("two worker processes through Redis")) / 1000 + 0.001;
/** Seconds after which a lost worker's task begins again: its lock, and the next look at locks. */
const TAKEN_OVER = 10 + 5 / 2;
const TASKS_A_WORKER = 50;
const SLOW = { share: 0.05, times: 5 };
const LOST = 0.02;

/** Numbers in [0, 1), the same everywhere (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The earliest first. */
class Agenda {
  #items = [];

  push(at, what) {
    const items = this.#items;
    items.push({ at, what });
    for (let i = items.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (items[parent].at <= items[i].at) break;
      [items[parent], items[i]] = [items[i], items[parent]];
      i = parent;
    }
  }

  pop() {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (items.length > 0) {
      items[0] = last;
      for (let i = 0; ; ) {
        const [left, right] = [2 * i + 1, 2 * i + 2];
        let least = i;
        if (left < items.length && items[left].at < items[least].at) least = left;
        if (right < items.length && items[right].at < items[least].at) least = right;
        if (least === i) break;
        [items[least], items[i]] = [items[i], items[least]];
        i = least;
      }
    }
    return first;
  }

  get size() {
    return this.#items.length;
  }
}

/**
 * The share of the workers' time in which they fit. Durations are exponential: some tasks take
 * several times as long as others. A worker asks the queue, which serves one after another, for its
 * next task as soon as it has put back the last.
 */
function shareOfFitting(workers, mean, { slow = 0, lost = 0 } = {}) {
  const random = generator(workers + 1);
  let left = workers * TASKS_A_WORKER;
  const [slowOnes, lostOnes] = [Math.ceil(slow * workers), Math.ceil(lost * workers)];
  const agenda = new Agenda();
  for (let i = 0; i < workers; ++i) {
    // Those that are lost go in the middle of the run.
    const dies = i >= workers - lostOnes ? 0.5 * TASKS_A_WORKER * mean : Infinity;
    agenda.push(0, { times: i < slowOnes ? SLOW.times : 1, dies });
  }
  const again = new Agenda();
  let [queueFree, fitting, end] = [0, 0, 0];
  while (agenda.size > 0) {
    const { at, what } = agenda.pop();
    let begins = at;
    if (left > 0) --left;
    else if (again.size > 0) begins = Math.max(at, again.pop().at);
    else continue;
    queueFree = Math.max(begins, queueFree) + QUEUE;
    const duration = -mean * Math.log(1 - random());
    const done = queueFree + BESIDE + what.times * duration;
    if (done > what.dies) {
      again.push(what.dies + TAKEN_OVER, null);
      // Another worker that has nothing to do waits for it.
      continue;
    }
    fitting += duration;
    end = Math.max(end, done);
    agenda.push(done, what);
  }
  return fitting / (workers * end);
}

const percent = (share) => `${Math.round(100 * share)} %`;
const seconds = (mean) => (mean < 1 ? `${1000 * mean} ms` : `${mean} s`);

const rows = [10, 100, 1000].flatMap((workers) =>
  [0.01, 0.1, 1, 10].map((mean) => {
    const share = shareOfFitting(workers, mean);
    return {
      share,
      cells: [
        count(workers),
        seconds(mean),
        count(Math.round((share * workers) / mean)),
        percent(share),
        percent(shareOfFitting(workers, mean, { slow: SLOW.share })),
        percent(shareOfFitting(workers, mean, { lost: LOST })),
      ],
    };
  }),
);

holds(rows[3].share > 0.9, "ten workers with tasks of ten seconds fit nearly all of the time");
holds(rows[5].share > 0.9, "a hundred workers are well used by fits of 100 ms");
holds(rows[10].share > 0.85, "a thousand workers are well used by fits of a second");
holds(rows[8].share < 0.2, "a thousand workers with tasks of ten milliseconds wait for the queue");

const costs = bench
  .match(/\| a task costs the queue[\s\S]*?\n\n/)[0]
  .trim()
  .split("\n");

updatePage("many-machines.md", {
  costs: `\n${costs.join("\n")}\n`,
  overhead: `${measured("two worker processes through Redis")} ms`,
  most: count(Math.round(1 / QUEUE / 100) * 100),
  kept: `${Math.round((measured("Redis's memory, until the result is dropped") * 1e5) / 1e6)} MB`,
  simulated: table(
    [
      "workers",
      "mean fit",
      "fits a second",
      "time spent fitting",
      "5 % of workers 5 times slower",
      "2 % of workers lost",
    ],
    rows.map(({ cells }) => cells),
  ),
});
