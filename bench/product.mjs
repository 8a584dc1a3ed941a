// Matrix products as a share of the multiply-add loop in registers of the same build.
import { bytesPer, openBuilds, runPeak } from "./core.mjs";
import { interleave, show, summary } from "./measure.mjs";

const SQUARE = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024].map((n) => [n, n, n]);
/** m × n × k: layers of the 784-256-128-10 network at batch 128, and extremes. */
const SKINNY = [
  [256, 128, 784],
  [256, 784, 128],
  [784, 128, 256],
  [10, 128, 128],
  [1, 256, 256],
  [256, 1, 256],
  [1024, 8, 1024],
  [8, 1024, 8],
];
const FORMS = { A·B: [false, false], Aᵀ·B: [true, false], A·Bᵀ: [false, true] };

export async function run({ quick }) {
  for (const { build, core, peak } of await openBuilds()) {
    for (const dtype of ["f32", "f64"]) {
      console.log(`\nproducts, ${build} ${dtype}: share of the multiply-add rate in registers, median (p10–p90)`);
      console.log(
        "m × n × k".padEnd(18) +
          Object.keys(FORMS)
            .map((form) => form.padEnd(20))
            .join("") +
          "GFLOP/s (A·B)",
      );
      for (const shape of quick ? [SQUARE[4], SQUARE[8], SQUARE[11]] : [...SQUARE, ...SKINNY]) {
        console.log(await row(core, peak, dtype, shape));
      }
    }
  }
}

async function row(core, peak, dtype, [m, n, k]) {
  const flops = 2 * m * n * k;
  const repeat = Math.max(1, Math.ceil(2e6 / flops));
  let peakFlops = 0;
  const tasks = {
    peak: () => {
      peakFlops = runPeak(peak, dtype, 4e6);
    },
  };
  for (const [form, transposed] of Object.entries(FORMS))
    tasks[form] = product(core, dtype, m, n, k, transposed, repeat);
  const seconds = await interleave(tasks, { rounds: 11, milliseconds: 10 });
  const rates = (name, work) => seconds[name].map((s) => work / s);
  const top = rates("peak", peakFlops);
  const cells = Object.keys(FORMS).map((form) =>
    show(summary(rates(form, flops * repeat).map((r, i) => r / top[i]))).padEnd(20),
  );
  const absolute = summary(rates("A·B", flops * repeat)).median / 1e9;
  return `${m} × ${n} × ${k}`.padEnd(18) + cells.join("") + absolute.toFixed(1);
}

function product(core, dtype, m, n, k, [ta, tb], repeat) {
  const size = bytesPer[dtype];
  const align = (x) => Math.ceil(x / 64) * 64;
  const scratch = align(core.heapBase());
  const a = align(scratch + core.productScratchBytes());
  const b = align(a + m * k * size);
  const c = align(b + k * n * size);
  const missing = c + m * n * size - core.memory.buffer.byteLength;
  if (missing > 0) core.memory.grow(Math.ceil(missing / 65536));
  const floats = new (dtype === "f32" ? Float32Array : Float64Array)(core.memory.buffer);
  for (let i = a / size; i < c / size; ++i) floats[i] = ((i * 7919) % 1000) / 1000 - 0.5;
  const call = core[`product_${dtype}`];
  return () => {
    for (let i = 0; i < repeat; ++i) {
      call(m, n, k, 1, a, ta ? 1 : k, ta ? m : 1, b, tb ? 1 : n, tb ? k : 1, 0, c, n, 0, -1, 0, c, scratch);
    }
  };
}
