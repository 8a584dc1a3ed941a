import { sharedEnd } from "./threads/share";

export { exp, log, cos, pow } from "./inline/scalar";
export { productScratchBytes } from "./matmul/product";
export { hessianScratchBytes } from "./network/hessian";

/** Whether multiply and add are one instruction here: tells the builds apart. */
export const fused: bool = ASC_FEATURE_RELAXED_SIMD;

/** First byte of memory that the module's own data, and what threads share, leaves free. */
export function heapBase(): usize {
  return ASC_FEATURE_THREADS ? sharedEnd() : __heap_base;
}
