// Factorizations: how time grows with n, the rate as a share of the multiply-add loop in registers,
// and ml-matrix beside it.
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import { bytesPer, openBuilds, runPeak } from "./core.mjs";
import { quantile } from "./measure.mjs";

const SIZES = [100, 200, 337, 500, 700, 1000, 1507, 2000];
const QUICK = [100, 337, 1000];
/** ml-matrix takes minutes beyond. */
const PEER_LIMIT = 1000;

/**
 * Flops by which rates are counted; divide and conquer may need fewer, as many values as it finds
 * settled.
 */
const KINDS = {
  cholesky: { flops: (n) => n ** 3 / 3, symbol: "n³/3" },
  ldl: { flops: (n) => n ** 3 / 3, symbol: "n³/3" },
  eigenvalues: { flops: (n) => (4 / 3) * n ** 3, symbol: "4n³/3" },
  eigen: { flops: (n) => (14 / 3) * n ** 3, symbol: "14n³/3" },
};

export async function run({ quick }) {
  const sizes = quick ? QUICK : SIZES;
  const peer = new Map();
  for (const { build, core, peak } of await openBuilds()) {
    for (const dtype of ["f64", "f32"]) {
      for (const [kind, { flops, symbol }] of Object.entries(KINDS)) {
        console.log(
          `\n${kind}, ${build} ${dtype}: time, and ${symbol} flops over it as a share of the rate in registers`,
        );
        console.log("     n         ms   share   exponent   × ml-matrix");
        let before;
        for (const n of sizes) {
          const { seconds, share } = measure(core, peak, dtype, kind, n, flops(n));
          const exponent = before ? Math.log(seconds / before.seconds) / Math.log(n / before.n) : undefined;
          before = { seconds, n };
          const ratio = dtype === "f64" && n <= PEER_LIMIT ? peerSeconds(peer, kind, n) / seconds : Number.NaN;
          console.log(
            String(n).padStart(6) +
              (1000 * seconds).toFixed(2).padStart(11) +
              share.toFixed(2).padStart(8) +
              (exponent?.toFixed(2) ?? "").padStart(11) +
              (ratio ? ratio.toFixed(1) : "").padStart(14),
          );
        }
      }
    }
  }
}

/**
 * The best time, since others may use the machine too, and the median ratio to the yardstick run
 * right before.
 */
function measure(core, peak, dtype, kind, n, flops) {
  const { reset, call } = prepare(core, dtype, n, kind);
  const times = [];
  const shares = [];
  for (let round = 0, spent = 0; round < 3 || (spent < 0.5 && round < 50); ++round) {
    reset();
    const t0 = performance.now();
    const peakFlops = runPeak(peak, dtype, Math.min(flops, 2e8));
    const t1 = performance.now();
    call();
    const t2 = performance.now();
    times.push((t2 - t1) / 1000);
    shares.push(flops / (t2 - t1) / (peakFlops / (t1 - t0)));
    spent += (t2 - t1) / 1000;
  }
  return { seconds: Math.min(...times), share: quantile(shares, 0.5) };
}

/** The same matrix for all: random, symmetric, and positive definite for Cholesky. */
function elements(n, positive) {
  const A = new Float64Array(n * n);
  let state = 5;
  for (let i = 0; i < n; ++i) {
    for (let j = i; j < n; ++j) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      A[i * n + j] = A[j * n + i] = state / 2 ** 31 - 1 + (positive && i === j ? n : 0);
    }
  }
  return A;
}

function prepare(core, dtype, n, kind) {
  const size = bytesPer[dtype];
  let top = core.heapBase();
  const allocate = (bytes) => {
    const at = Math.ceil(top / 64) * 64;
    top = at + bytes;
    const missing = top - core.memory.buffer.byteLength;
    if (missing > 0) core.memory.grow(Math.ceil(missing / 65536));
    return at;
  };
  const scratch = allocate(core.productScratchBytes());
  const a = allocate(n * n * size);
  const calls = {
    cholesky: () => () => core[`cholesky_${dtype}`](n, a, n, scratch),
    ldl: () => {
      const [d, e, swaps] = [allocate(n * size), allocate(n * size), allocate(n * 4)];
      const work = allocate(core[`ldlWork_${dtype}`](n) * size);
      return () => core[`ldl_${dtype}`](n, a, n, d, e, swaps, work, scratch);
    },
    eigenvalues: () => eigen(0),
    eigen: () => eigen(allocate(n * n * size)),
  };
  function eigen(q) {
    const values = allocate(n * 8);
    const work = allocate(core[`eigenWorkBytes_${dtype}`](n, q ? 1 : 0));
    return () => {
      for (let part = 0; ; ++part) {
        const info = core[`eigen_${dtype}`](n, a, n, values, q, work, scratch, part);
        if (info >= 0) return info;
      }
    };
  }
  const call = calls[kind]();
  const A = elements(n, kind === "cholesky");
  const view = new (dtype === "f32" ? Float32Array : Float64Array)(core.memory.buffer, a, n * n);
  return {
    reset: () => view.set(A),
    call: () => {
      if (call() !== 0) throw new Error(`${kind} of ${n} failed`);
    },
  };
}

/** ml-matrix has no factorization of indefinite matrices, and finds vectors with every value. */
function peerSeconds(known, kind, n) {
  if (kind === "ldl") return Number.NaN;
  const name = `${kind === "cholesky"} ${n}`;
  if (!known.has(name)) {
    const A = Matrix.from1DArray(n, n, elements(n, kind === "cholesky"));
    const times = [];
    for (let round = 0, spent = 0; round === 0 || (round < 5 && spent < 2); ++round) {
      const t0 = performance.now();
      if (kind === "cholesky") new CholeskyDecomposition(A);
      else new EigenvalueDecomposition(A, { assumeSymmetric: true });
      times.push((performance.now() - t0) / 1000);
      spent += times.at(-1);
    }
    known.set(name, Math.min(...times));
  }
  return known.get(name);
}
