/**
 * A network of three layers as assembly/network/unit.ts reads it, in buffers of its own: what
 * src/network/unit-plan.ts makes of one memory. Rows are whole tiles of 32 bytes, and what takes
 * whole vectors may run over a buffer's end by as many numbers as the plan leaves there.
 */
import type { Block, Core } from "./harness.js";
import type { Argument, Make } from "./operands.js";

/** As in src/network/unit-plan.ts. */
const [HEADER, RECORD, SLACK] = [32, 32, 64];
/** Rows behind the last that a tile may fill. */
const BEHIND = 5;

interface Shape {
  readonly l: number;
  readonly normed: boolean;
  readonly exact: boolean;
  /** Of activations that curve, or bend only, or are the identity. */
  readonly form: "curved" | "bent" | "straight";
  readonly caller: boolean;
}

const shapes: Shape[] = [0, 1, 2].flatMap((l) => [
  { l, normed: true, exact: true, form: "curved", caller: false },
  { l, normed: false, exact: true, form: "bent", caller: false },
  { l, normed: false, exact: false, form: "straight", caller: true },
]);

export const unitOperands = shapes.map(
  (shape) => (b: Make, n: number, core: Core) => unit(b, Math.max(1, n), core, shape),
);

function unit(b: Make, n: number, core: Core, { l, normed, exact, form, caller }: Shape) {
  const size = core.dtype === "f32" ? 4 : 8;
  const padded = (width: number): number => Math.ceil((width * size) / 32) * (32 / size);
  const raw = (count: number): Block => b(new Float64Array(Math.ceil(count / size)));
  const [samples, widths] = [n + 1, [n, 2, n, 3]];
  const matrix = (width: number): Block => b(samples * width + SLACK);
  const behind = normed ? 3 : 1;
  const heights = [0, 1, 2].map((m) => widths[m] + behind);
  const widest = Math.max(...heights);
  const parameters = heights.reduce((sum, height, m) => sum + height * widths[m + 1], 0);
  let at = 0;
  const records = heights.map((height, m) => {
    const [inputs, units, weight] = [widths[m], widths[m + 1], at];
    at += units * height;
    const bias = weight + units * inputs;
    const [stride, featureStride] = [padded(units), padded(height)];
    const own = () => matrix(stride);
    const slope = form === "straight" ? 0 : own();
    const curve = form === "curved" ? own() : 0;
    const transposed = m > 0 ? b(inputs * units + SLACK) : 0;
    const norm = normed ? [b(units + SLACK), b(units + SLACK), b(stride + SLACK), own(), own()] : [0, 0, 0, 0, 0];
    const [gamma, invStd, ...rows] = norm;
    const places = [inputs, units, weight, bias, bias + units, bias + 2 * units, +normed, height];
    const shared = [
      matrix(featureStride),
      featureStride,
      slope,
      curve,
      own(),
      stride,
      transposed,
      b(units * inputs + SLACK),
    ];
    const ra = own();
    const rh = slope ? own() : ra;
    const rdelta = own();
    const rda = normed ? own() : rdelta;
    const last = normed ? [own(), own(), matrix(featureStride), b(featureStride + SLACK)] : [];
    return [...places, ...shared, gamma, invStd, ...rows, ra, rh, rda, rdelta, ...last];
  });
  const hessians = caller ? raw(8 * 9 * samples) : 0;
  const lossRows = [matrix(padded(3)), matrix(padded(3))];
  const scratchBytes = core.scalar("hessianScratchBytes", widest, widest, size);
  const own = [matrix(padded(widest)), raw(4 * (samples + 1)), b(3 + SLACK), raw(scratchBytes)];
  // Offsets from 0 are addresses: each buffer of the thread stands alone.
  const header = [3, parameters, +exact, ...lossRows, hessians, samples, 0, 0, ...own];
  const plan = raw(4 * (HEADER + 3 * RECORD));
  const panel = b((heights[l] + BEHIND) * parameters);
  const scratch = raw(core.scalar("productScratchBytes"));
  const words = (): void => {
    const write = (from: number, values: Argument[]): void => {
      const addresses = values.map((value) => (typeof value === "number" ? value : value.pointer));
      new Uint32Array(plan.values.buffer, plan.pointer + 4 * from, values.length).set(addresses);
    };
    write(0, header);
    records.forEach((record, m) => {
      write(HEADER + m * RECORD, record);
    });
  };
  words();
  const open: Argument[] = [plan, l, 0, scratch];
  const rows = (): Argument[] => [plan, l, 0, 0, heights[l], core.call("openUnit", ...open), panel, scratch];
  return { open, rows };
}
