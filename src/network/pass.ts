import type { SymmetricMatrix } from "../linalg/symmetric.js";
import type { BatchNormMode } from "./propagation.js";
import type { ParameterMask } from "./selection.js";
import type { CurvatureKind } from "./tangent.js";

/** What passes over a whole data set take. */
export interface PassOptions {
  /** Whether batch norm takes its statistics from the data at hand ("batch", the default) or the running ones. */
  batchNorm?: BatchNormMode;
}

/** What derivatives with respect to parameters take. */
export interface DerivativeOptions extends PassOptions {
  /** The parameters to differentiate by, as `withParameters` takes them; all by default. What is returned is over these alone, in their order. */
  of?: ParameterMask;
}

/** What `hessianOperator` takes beside the data. */
export interface CurvatureOptions extends PassOptions {
  /** The Hessian ("exact", the default) or the generalised Gauss-Newton matrix ("ggn"). */
  kind?: CurvatureKind;
}

/** What `net.hessian` takes beside the data. */
export interface HessianOptions extends CurvatureOptions, DerivativeOptions {
  /** Bytes of the largest matrix to make; 2 GiB by default. */
  maxBytes?: number;
  /**
   * A matrix of the network's size and dtype, as an earlier call gave it, whose numbers are no longer needed: they become the new ones. Fresh memory
   * takes up to a third of a small network's time.
   */
  out?: SymmetricMatrix;
}
