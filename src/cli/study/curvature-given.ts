import type { CurvatureMethod, SpectrumOptions } from "../../index.js";
import type { ModelData } from "../model/data.js";
import type { ThreadsGiven } from "../threads.js";
import type { OutputSettings } from "../training/settings.js";

/** What `hessia curvature` is given. */
export interface CurvatureGiven extends OutputSettings, ThreadsGiven {
  readonly kind: "exact" | "ggn";
  readonly curvature?: CurvatureMethod;
  readonly part?: ModelData["part"];
  readonly hessian?: string;
  readonly ggn?: string;
  readonly spectrum?: string;
  readonly eigenvalues?: number;
  readonly seed: number;
}

/** What a spectrum is asked for by this command's options. */
export function spectrumOptions({ kind, curvature, eigenvalues, seed }: CurvatureGiven): SpectrumOptions {
  return { kind, seed, ...(curvature ? { curvature } : {}), ...(eigenvalues === undefined ? {} : { k: eigenvalues }) };
}
