import { wrongValue } from "../../check.js";
import type { Activation } from "../../network/spec.js";

/** One thing that happens to a row on its way through another library's model. */
export type Stage =
  | {
      readonly kind: "affine";
      readonly inputs: number;
      readonly units: number;
      /** Units × inputs, row-major. */
      readonly weights: Float64Array;
      readonly biases: Float64Array;
    }
  /** factor·x + shift, one of each for every feature or one for all. */
  | { readonly kind: "scale"; readonly factor: Float64Array; readonly shift: Float64Array }
  | Norm
  | { readonly kind: "activation"; readonly activation: Activation }
  | { readonly kind: "dropout"; readonly share: number };

/** Batch norm by its running statistics: scale·(x − mean)/√(variance + epsilon) + shift. */
export interface Norm {
  readonly kind: "norm";
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly epsilon: number;
  /** Weight of a batch in the statistics, as PyTorch has it. */
  readonly momentum: number;
}

/** What comes after the last stage and is part of a loss here: its network gives logits. */
export type Ending = "softmax" | "sigmoid" | null;

/** Stages behind one another, the last one first; the one without a stage is the model's input. */
export interface Link {
  readonly stage: Stage | null;
  readonly below: Link | null;
  /** Features; null where the file leaves it open. */
  readonly width: number | null;
}

export function stagesOf(link: Link): Stage[] {
  const stages: Stage[] = [];
  for (let at: Link | null = link; at; at = at.below) if (at.stage) stages.push(at.stage);
  return stages.reverse();
}

/** The file's number of inputs, or that of the first affine stage where the file has none. */
export function inputsOf(link: Link): number | null {
  let width = link.width;
  for (let at: Link | null = link; at; at = at.below)
    width = at.stage?.kind === "affine" ? at.stage.inputs : (at.width ?? width);
  return width;
}

/**
 * Counts the numbers that are made, so that a small file that uses its tensors often cannot ask for
 * much.
 */
export class Budget {
  #left: number;

  constructor(
    readonly where: string,
    bytes: number,
  ) {
    // Four times each number of a file in single precision, and diagonals of small layers.
    this.#left = bytes + 2 ** 16;
  }

  take(count: number): number {
    this.#left -= count;
    if (!(this.#left >= 0)) {
      wrongValue(this.where, "bytes", "tensors that are used a few times each", "more numbers to make than that gives");
    }
    return count;
  }
}
