import type { SymmetricMatrix } from "../linalg/symmetric.js";
import type { BatchNormMode } from "./propagation.js";
import type { ParameterMask } from "./selection.js";
import type { CurvatureKind } from "./tangent.js";

/** Options of calls that pass over a whole data set. */
export interface PassOptions {
  /**
   * Whether batch norm takes its statistics from the data at hand ("batch") or the running ones
   * ("running"). Default: "batch".
   */
  batchNorm?: BatchNormMode;
}

/** Options of derivatives with respect to parameters. */
export interface DerivativeOptions extends PassOptions {
  /**
   * The parameters to differentiate with respect to, as `withParameters` takes them. Results are
   * over these alone, in their order. Default: all.
   */
  of?: ParameterMask;
}

/** Options of `hessianOperator`. */
export interface CurvatureOptions extends PassOptions {
  /** The Hessian ("exact") or the generalised Gauss-Newton matrix ("ggn"). Default: "exact". */
  kind?: CurvatureKind;
}

/** Options of `net.hessian`. */
export interface HessianOptions extends CurvatureOptions, DerivativeOptions {
  /** Bytes of the largest matrix to make. Default: 2 GiB. */
  maxBytes?: number;
  /**
   * A matrix of the network's size and dtype, from an earlier call, to be overwritten. New memory
   * takes up to a third of the time for a small network. Default: new memory.
   */
  out?: SymmetricMatrix;
}
