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

/** What `net.jacobian` takes beside the inputs. */
export interface JacobianOptions {
  /**
   * The parameters to differentiate with respect to, as `withParameters` takes them. Results are
   * over these alone, in their order. Default: all.
   */
  of?: ParameterMask;
}

/** What derivatives of the objective with respect to parameters take. */
export interface DerivativeOptions extends PassOptions, JacobianOptions {}

/** What `hessianOperator` takes beside the data. */
export interface CurvatureOptions extends DerivativeOptions {
  /** The Hessian ("exact") or the generalised Gauss-Newton matrix ("ggn"). Default: "exact". */
  kind?: CurvatureKind;
}

/** What `net.hessian` takes beside the data. */
export interface HessianOptions extends CurvatureOptions {
  /** Bytes of the largest matrix to make. Default: 2 GiB. */
  maxBytes?: number;
  /**
   * A matrix of the network's size and dtype, from an earlier call, to be overwritten. New memory
   * takes up to a third of the time for a small network. Default: new memory.
   */
  out?: SymmetricMatrix;
}
