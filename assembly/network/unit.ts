/**
 * The rows of the Hessian of one unit's parameters: R{·} along the unit's pre-activation through
 * all layers above it, sample by sample, and the products of hessian.ts.
 *
 * What there is to know of the network stands in a plan, numbers of 32 bits that
 * src/network/unit-plan.ts writes: a header, and a record a layer. Buffers that hold R{·} belong to
 * one thread, and the plan has their offsets within a thread's part of memory; all others are
 * shared, and only read here.
 *
 * With batch norm under running statistics, u = W·h + b, x̂ = s·(u − mean), s = 1/√(variance + ε)
 * and a = γ·x̂ + β. So the pre-activation of unit i moves with its parameters by ∂a_i/∂(W_i, b_i,
 * γ_i, β_i) = (γ_i·s_i·h, γ_i·s_i, x̂_i, 1), which takes the place of (h, 1). Because a is bilinear
 * in (W_i, b_i) and γ_i, ∂ℓ/∂a_i·s_i·(h, 1) joins their block.
 */
import { product } from "../matmul/product";
import { get, pause } from "../threads/share";
import { transpose } from "../vector/transpose";
import { activeSamples, addColumn, gatherRows, hessianRows, lossCurvatureRows, multiplyRows, seedRows } from "./hessian";

// The header's numbers, in the order of src/network/unit-plan.ts.
const LAYERS = 0, PARAMETERS = 1, EXACT = 2, CURVATURE = 3, PROBABILITY = 4, CALLER = 5, SAMPLES = 6, PRIVATE = 7, PRIVATE_BYTES = 8;
const GATHERED = 9, LIST = 10, UNIT = 11, SCRATCH = 12;
/**
 * As many panels for each thread beside the owner, one after another; a state for each, in cache
 * lines of their own.
 */
const PANELS = 13, PANEL_BYTES = 14, PANEL_ROWS = 15, TURNED = 16, STATES = 17, ALL_UNITS = 18, PANELS_EACH = 19;
const HEADER: usize = 32;

// A layer's.
const INPUTS = 0, UNITS = 1, WEIGHT = 2, BIAS = 3, SCALE = 4, SHIFT = 5, NORMED = 6, HEIGHT = 7, FEATURES = 8, FEATURE_STRIDE = 9;
const SLOPE = 10, CURVE = 11, DELTA = 12, STRIDE = 13, TRANSPOSED = 14, WEIGHTS = 15, GAMMA = 16, INV_STD = 17, FACTOR = 18, XHAT = 19, DA = 20;
// Within a thread's part.
const RA = 21, RH = 22, RDA = 23, RDELTA = 24, RXHAT = 25, RSCALE = 26, MOVES = 27, MULTIPLIERS = 28;
const RECORD: usize = 32;

// @ts-ignore: decorator
@inline
function header(plan: usize, which: usize): i32 {
  return load<i32>(plan + (which << 2));
}

// @ts-ignore: decorator
@inline
function field(plan: usize, l: i32, which: usize): i32 {
  return load<i32>(plan + ((HEADER + <usize>l * RECORD + which) << 2));
}

/** Where a thread's part begins. */
// @ts-ignore: decorator
@inline
function part(plan: usize, thread: i32): usize {
  return <usize>header(plan, PRIVATE) + <usize>thread * <usize>header(plan, PRIVATE_BYTES);
}

// @ts-ignore: decorator
@inline
function listOf(plan: usize, base: usize): usize {
  return base + header(plan, LIST);
}

/**
 * The samples that unit i of layer l moves anything for, and R{·} of theirs. Returns their number.
 */
export function openUnit<T>(plan: usize, l: i32, i: i32, scratch: usize, thread: i32 = 0): i32 {
  const base = part(plan, thread), list = listOf(plan, base);
  const slope = field(plan, l, SLOPE), stride = field(plan, l, STRIDE), samples = header(plan, SAMPLES);
  // Where the activation curves, a zero slope does not make everything vanish.
  const column = slope && !field(plan, l, CURVE) ? <usize>slope + <usize>i * sizeof<T>() : 0;
  const count = activeSamples<T>(column, stride, samples, list);
  if (count == 0) return 0;
  changes<T>(plan, l, i, count, base, scratch);
  const width = field(plan, l, FEATURE_STRIDE);
  let moves: usize = field(plan, l, FEATURES);
  if (field(plan, l, NORMED)) moves = openNorm<T>(plan, l, i, base);
  gatherRows<T>(list, count, moves, width, field(plan, l, HEIGHT), base + header(plan, GATHERED), width);
  return count;
}

/** R{a}, R{h} and R{δ} of the listed samples along the pre-activation of unit i of layer l. */
function changes<T>(plan: usize, l: i32, i: i32, count: i32, base: usize, scratch: usize): void {
  const last = header(plan, LAYERS) - 1, list = listOf(plan, base);
  if (l == last) seedOutput<T>(plan, i, count, base);
  for (let m = l + 1; m <= last; ++m) forward<T>(plan, l, i, m, count, base, scratch);
  const stride = field(plan, last, STRIDE), outputs = field(plan, last, UNITS);
  const rh = base + field(plan, last, RH), rda = base + field(plan, last, RDA);
  const caller: usize = header(plan, CALLER);
  if (caller) callerRows<T>(list, count, caller, outputs, rh, rda, stride);
  else lossCurvatureRows<T>(list, count, header(plan, CURVATURE), header(plan, PROBABILITY), stride, outputs, rh, rda, stride);
  for (let m = last; m >= l; --m) {
    if (m < last) passDown<T>(plan, m, count, base, scratch);
    throughActivation<T>(plan, l, i, m, count, base);
  }
}

function seedOutput<T>(plan: usize, i: i32, count: i32, base: usize): void {
  const l = header(plan, LAYERS) - 1, units = field(plan, l, UNITS), slope = field(plan, l, SLOPE), stride = field(plan, l, STRIDE);
  const unit = base + header(plan, UNIT);
  memory.fill(unit, 0, <usize>units * sizeof<T>());
  store<T>(unit + <usize>i * sizeof<T>(), 1);
  const column = slope ? <usize>slope + <usize>i * sizeof<T>() : 0;
  seedRows<T>(listOf(plan, base), count, column, stride, unit, units, base + field(plan, l, RH), stride);
}

function forward<T>(plan: usize, l: i32, i: i32, m: i32, count: i32, base: usize, scratch: usize): void {
  const list = listOf(plan, base);
  const units = field(plan, m, UNITS), stride = field(plan, m, STRIDE), below = field(plan, m - 1, STRIDE), slope = field(plan, m, SLOPE);
  const transposed: usize = field(plan, m, TRANSPOSED), ra = base + field(plan, m, RA);
  if (m == l + 1) {
    const slopes = field(plan, l, SLOPE);
    const column = slopes ? <usize>slopes + <usize>i * sizeof<T>() : 0;
    seedRows<T>(list, count, column, below, transposed + <usize>i * units * sizeof<T>(), units, ra, stride);
  } else {
    plainProduct<T>(count, units, field(plan, m, INPUTS), base + field(plan, m - 1, RH), below, transposed, units, ra, stride, scratch);
  }
  if (field(plan, m, NORMED)) {
    // R{u} becomes R{a} = γ·R{x̂}, in place.
    const rxhat = base + field(plan, m, RXHAT);
    multiplyRows<T>(list, count, field(plan, m, INV_STD), 0, units, ra, rxhat, stride, 0);
    multiplyRows<T>(list, count, field(plan, m, GAMMA), 0, units, rxhat, ra, stride, 0);
  }
  if (slope) multiplyRows<T>(list, count, slope, stride, units, ra, base + field(plan, m, RH), stride, 0);
}

/** R{∂ℓ/∂h} of layer m from R{δ} of the one above. */
function passDown<T>(plan: usize, m: i32, count: i32, base: usize, scratch: usize): void {
  const inputs = field(plan, m + 1, INPUTS);
  plainProduct<T>(
    count, inputs, field(plan, m + 1, UNITS), base + field(plan, m + 1, RDELTA), field(plan, m + 1, STRIDE),
    field(plan, m + 1, WEIGHTS), inputs, base + field(plan, m, RDA), field(plan, m, STRIDE), scratch,
  );
}

/**
 * R{∂ℓ/∂a} = φ′ ⊙ R{∂ℓ/∂h} + φ″ ⊙ ∂ℓ/∂h ⊙ R{a}, the second term for the Hessian itself only; and
 * R{δ}.
 */
function throughActivation<T>(plan: usize, l: i32, i: i32, m: i32, count: i32, base: usize): void {
  const list = listOf(plan, base), units = field(plan, m, UNITS), stride = field(plan, m, STRIDE);
  const slope = field(plan, m, SLOPE), curve: usize = field(plan, m, CURVE), rda = base + field(plan, m, RDA);
  const exact = header(plan, EXACT) != 0;
  if (slope) multiplyRows<T>(list, count, slope, stride, units, rda, rda, stride, 0);
  if (curve && exact) {
    if (m > l) multiplyRows<T>(list, count, curve, stride, units, base + field(plan, m, RA), rda, stride, 1);
    else addColumn<T>(list, count, curve + <usize>i * sizeof<T>(), stride, rda + <usize>i * sizeof<T>(), stride);
  }
  if (!field(plan, m, NORMED)) return;
  // R{∂ℓ/∂u} = γ·s·R{∂ℓ/∂a} and R{∂ℓ/∂γ} = R{∂ℓ/∂a}·x̂, plus ∂ℓ/∂a·R{x̂} where x̂ moves.
  const rscale = base + field(plan, m, RSCALE);
  multiplyRows<T>(list, count, field(plan, m, FACTOR), 0, units, rda, base + field(plan, m, RDELTA), stride, 0);
  multiplyRows<T>(list, count, field(plan, m, XHAT), stride, units, rda, rscale, stride, 0);
  if (exact && m > l) multiplyRows<T>(list, count, field(plan, m, DA), stride, units, base + field(plan, m, RXHAT), rscale, stride, 1);
}

/**
 * Under batch norm, ∂a_i/∂(W_i, b_i, γ_i, β_i), a row a sample, from rows of (h, 1, 1, 1). Returns
 * its address.
 */
function openNorm<T>(plan: usize, l: i32, i: i32, base: usize): usize {
  const size = sizeof<T>(), inputs = field(plan, l, INPUTS), stride = field(plan, l, FEATURE_STRIDE), samples = header(plan, SAMPLES);
  const multipliers = base + field(plan, l, MULTIPLIERS), moves = base + field(plan, l, MOVES);
  const factor = load<T>(<usize>field(plan, l, FACTOR) + <usize>i * size);
  for (let j = 0; j <= inputs; ++j) store<T>(multipliers + <usize>j * size, factor);
  store<T>(multipliers + <usize>(inputs + 1) * size, 0);
  store<T>(multipliers + <usize>(inputs + 2) * size, 1);
  // For a single row of factors the list is not asked for anything but its length.
  multiplyRows<T>(listOf(plan, base), samples, multipliers, 0, inputs + 3, field(plan, l, FEATURES), moves, stride, 0);
  let to = moves + <usize>(inputs + 1) * size, from = <usize>field(plan, l, XHAT) + <usize>i * size;
  for (let s = 0; s < samples; ++s) {
    store<T>(to, load<T>(from));
    to += <usize>stride * size;
    from += <usize>field(plan, l, STRIDE) * size;
  }
  return moves;
}

/** out[k] = scale·∇²ℓ·u[k] of the listed samples, from matrices of doubles. */
function callerRows<T>(list: usize, count: i32, matrices: usize, width: i32, u: usize, out: usize, ld: i32): void {
  for (let k = 0; k < count; ++k) {
    let at = matrices + (<usize>load<i32>(list + (<usize>k << 2)) * (width * width) << 3);
    const row = <usize>k * ld * sizeof<T>();
    for (let i = 0; i < width; ++i) {
      let sum: f64 = 0;
      for (let j = 0; j < width; ++j, at += 8) sum += load<f64>(at) * <f64>load<T>(u + row + <usize>j * sizeof<T>());
      store<T>(out + row + <usize>i * sizeof<T>(), <T>sum);
    }
  }
}

/** C = A·B, row by row in memory. */
function plainProduct<T>(m: i32, n: i32, k: i32, a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32, scratch: usize): void {
  product<T>(m, n, k, 1, a, lda, 1, b, ldb, 1, 0, c, ldc, 0, -1, 0, c, scratch);
}

/**
 * Rows `from` … of unit i's parameters in layer l, after `openUnit`, against all parameters of this
 * layer and those above: `panel` has a column for each parameter. Columns of what lies before the
 * unit's weights are left alone.
 */
export function unitRows<T>(
  plan: usize, l: i32, i: i32, from: i32, rows: i32, count: i32, panel: usize, scratch: usize, thread: i32 = 0,
): void {
  const base = part(plan, thread), layers = header(plan, LAYERS);
  for (let m = l; m < layers; ++m) panelBlock<T>(plan, l, i, m, from, rows, count, panel, base, scratch);
  if (field(plan, l, NORMED) && header(plan, EXACT)) addBilinear<T>(plan, l, i, from, rows, panel, scratch);
}

function panelBlock<T>(
  plan: usize, l: i32, i: i32, m: i32, from: i32, rows: i32, count: i32, panel: usize, base: usize, scratch: usize,
): void {
  const left = field(plan, l, INPUTS), units = field(plan, m, UNITS), normed = field(plan, m, NORMED), height = field(plan, l, HEIGHT);
  if (l == m && rows == height) {
    weightColumns<T>(plan, l, i, m, 0, 0, left, count, 1, panel, base);
    if (normed) weightColumns<T>(plan, l, i, m, left, left, rows - left, count, 0, panel, base);
  } else weightColumns<T>(plan, l, i, m, from, 0, rows, count, 0, panel, base);
  unitColumns<T>(plan, l, m, from, rows, count, base + field(plan, m, RDELTA), field(plan, m, BIAS), panel, base, scratch);
  if (normed) {
    unitColumns<T>(plan, l, m, from, rows, count, base + field(plan, m, RSCALE), field(plan, m, SCALE), panel, base, scratch);
    unitColumns<T>(plan, l, m, from, rows, count, base + field(plan, m, RDA), field(plan, m, SHIFT), panel, base, scratch);
  }
  if (l == m && rows == left + 1 && !normed) mirrorBias<T>(plan, l, i, units, panel);
}

/**
 * Against the weights of layer m, to rows `to` … of the panel; within a layer only those of unit i
 * and the units behind it.
 */
function weightColumns<T>(
  plan: usize, l: i32, i: i32, m: i32, from: i32, to: i32, rows: i32, count: i32, symmetric: i32, panel: usize, base: usize,
): void {
  const size = sizeof<T>(), inputs = field(plan, m, INPUTS), first = l == m ? i : 0, parameters = header(plan, PARAMETERS);
  const moves = field(plan, l, NORMED) ? base + field(plan, l, MOVES) : <usize>field(plan, l, FEATURES);
  const slope: usize = field(plan, l, SLOPE), next = m == l + 1, above = m > l;
  hessianRows<T>(
    listOf(plan, base), count, moves + <usize>from * size, field(plan, l, FEATURE_STRIDE), rows,
    field(plan, m, FEATURES), field(plan, m, FEATURE_STRIDE), inputs,
    m > l + 1 ? base + field(plan, m - 1, RH) : 0, above ? field(plan, m - 1, STRIDE) : 0,
    next && slope ? slope + <usize>i * size : 0, field(plan, l, STRIDE), next ? i : -1,
    base + field(plan, m, RDELTA), field(plan, m, STRIDE), above && header(plan, EXACT) ? field(plan, m, DELTA) : 0, field(plan, m, STRIDE),
    field(plan, m, CURVE) ? 0 : field(plan, m, SLOPE), field(plan, m, STRIDE), first, field(plan, m, UNITS),
    panel + (<usize>to * parameters + field(plan, m, WEIGHT) + first * inputs) * size, parameters, 0, symmetric, base + header(plan, SCRATCH),
  );
}

/**
 * Against parameters of which each unit of layer m has one, from column `column` on; `moved` is
 * R{·} of the loss's derivative in them.
 */
function unitColumns<T>(
  plan: usize, l: i32, m: i32, from: i32, rows: i32, count: i32, moved: usize, column: i32, panel: usize, base: usize, scratch: usize,
): void {
  const size = sizeof<T>();
  product<T>(
    rows, field(plan, m, UNITS), count, 1, base + header(plan, GATHERED) + <usize>from * size, 1, field(plan, l, FEATURE_STRIDE),
    moved, field(plan, m, STRIDE), 1, 0, panel + <usize>column * size, header(plan, PARAMETERS), 0, -1, 0, 0, scratch,
  );
}

/** Adds Σ ∂ℓ/∂a_i·s_i·(h, 1) to the column of γ_i. */
function addBilinear<T>(plan: usize, l: i32, i: i32, from: i32, rows: i32, panel: usize, scratch: usize): void {
  const size = sizeof<T>(), at = <usize>i * size;
  product<T>(
    min(rows, field(plan, l, INPUTS) + 1 - from), 1, header(plan, SAMPLES), <f64>load<T>(<usize>field(plan, l, INV_STD) + at),
    <usize>field(plan, l, FEATURES) + <usize>from * size, 1, field(plan, l, FEATURE_STRIDE), <usize>field(plan, l, DA) + at, field(plan, l, STRIDE), 1,
    1, panel + <usize>(field(plan, l, SCALE) + i) * size, header(plan, PARAMETERS), 0, -1, 0, 0, scratch,
  );
}

/** Within a layer, bias against weights is weights against bias. */
function mirrorBias<T>(plan: usize, l: i32, i: i32, units: i32, panel: usize): void {
  const size = sizeof<T>(), inputs = field(plan, l, INPUTS), parameters = header(plan, PARAMETERS);
  transpose<T>(
    panel + <usize>(field(plan, l, BIAS) + i) * size, inputs, units - i, parameters,
    panel + (<usize>inputs * parameters + field(plan, l, WEIGHT) + i * inputs) * size, inputs,
  );
}

// A panel's state: whether it is full, and of what.
const FULL = 0, LAYER = 4, OF_UNIT = 8, FROM = 12, COUNT = 16;
/** How often a thread looks before it pauses in between. */
const LOOKS: i32 = 4096;

// @ts-ignore: decorator
@inline
function stateOf(plan: usize, panel: i32): usize {
  return <usize>header(plan, STATES) + (<usize>panel << 6);
}

/**
 * All rows of one unit, the unit that comes as number `ALL_UNITS` − 1 − piece, to panels that the
 * owner empties: rows and, behind them at TURNED, what is right of the unit's weights turned round.
 * A unit that moves nothing has a single panel with a count of 0.
 */
export function unitPiece<T>(piece: i32, thread: i32, scratch: usize): void {
  const plan = get<usize>(0), size = sizeof<T>();
  let l = 0, i = header(plan, ALL_UNITS) - 1 - piece;
  for (; i >= field(plan, l, UNITS); ++l) i -= field(plan, l, UNITS);
  const count = openUnit<T>(plan, l, i, scratch, thread);
  const height = field(plan, l, HEIGHT), parameters = header(plan, PARAMETERS), inputs = field(plan, l, INPUTS);
  const right = field(plan, l, WEIGHT) + (i + 1) * inputs;
  for (let from = 0; from < height; from += header(plan, PANEL_ROWS)) {
    const rows = min(header(plan, PANEL_ROWS), height - from);
    const panel = takePanel(plan, thread);
    const at = <usize>header(plan, PANELS) + <usize>panel * <usize>header(plan, PANEL_BYTES);
    if (count) {
      unitRows<T>(plan, l, i, from, rows, count, at, scratch, thread);
      transpose<T>(at + <usize>right * size, rows, parameters - right, parameters, at + header(plan, TURNED), rows);
    }
    const state = stateOf(plan, panel);
    store<i32>(state + LAYER, l), store<i32>(state + OF_UNIT, i), store<i32>(state + FROM, from), store<i32>(state + COUNT, count);
    atomic.store<i32>(state + FULL, 1);
    if (count == 0) return;
  }
}

/** A panel of the thread's own, as soon as one is empty. */
function takePanel(plan: usize, thread: i32): i32 {
  const count = header(plan, PANELS_EACH), first = (thread - 1) * count;
  let panel = 0, looks = 0;
  while (atomic.load<i32>(stateOf(plan, first + panel) + FULL)) {
    panel = panel + 1 < count ? panel + 1 : 0;
    if (++looks > LOOKS) pause();
  }
  return first + panel;
}

/** The state of a full panel among so many, or 0. */
export function fullPanel(plan: usize, panels: i32): usize {
  for (let panel = 0; panel < panels; ++panel) {
    if (atomic.load<i32>(stateOf(plan, panel) + FULL)) return stateOf(plan, panel);
  }
  return 0;
}
