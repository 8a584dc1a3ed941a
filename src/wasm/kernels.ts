/**
 * Typed calls into the core. Kernels return what the comments beside their code in assembly/ say.
 */
import type { Kernels, Pointer } from "./generated/kernels.js";

export type { Kernels } from "./generated/kernels.js";

/** exp, log, cos and pow as the core computes them. */
export interface ScalarMath {
  /** eˣ. */
  exp(x: number): number;
  /** The natural logarithm. */
  log(x: number): number;
  /** The cosine. */
  cos(x: number): number;
  /** xʸ. */
  pow(x: number, y: number): number;
}

/** The precision of numbers: single or double. */
export type Dtype = "f32" | "f64";

type Suffixed<T extends Dtype> = { [K in keyof Kernels as `${K}_${T}`]: Kernels[K] };

export interface CoreExports extends ScalarMath, Suffixed<"f32">, Suffixed<"f64"> {
  memory: WebAssembly.Memory;
  fused: WebAssembly.Global;
  heapBase(): number;
  productScratchBytes(): number;
  hessianScratchBytes(left: number, right: number, size: number): number;
}

/** What the builds with shared memory have beside the others' exports (assembly/threads). */
export interface SharedCore extends CoreExports {
  threadCount(): number;
  beginUnits_f32(plan: Pointer, units: number): void;
  beginUnits_f64(plan: Pointer, units: number): void;
  /** A piece of what has begun for the thread that began it, or −1. */
  take(): number;
  /** Whether all pieces are finished, of which this thread did `own`. */
  ended(pieces: number, own: number): number;
  /** The state of a panel that is full, or 0. */
  fullPanel(plan: Pointer, panels: number): Pointer;
}

/** The kernels of one element type, without the suffix. */
export function kernelsOf(core: CoreExports, dtype: Dtype): Kernels {
  const kernels: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(core)) {
    if (name.endsWith(`_${dtype}`)) kernels[name.slice(0, -4)] = value;
  }
  return kernels as unknown as Kernels;
}
