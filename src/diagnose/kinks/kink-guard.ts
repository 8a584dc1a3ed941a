import type { Dataset } from "../../network/dataset.js";
import type { Network } from "../../network/network.js";
import type { BatchNormMode } from "../../network/propagation.js";
import { lossTraits } from "../../network/spec.js";
import type { ParameterPlace } from "../checks/coordinates.js";
import { type Probe, withProbe } from "../signals/probe.js";
import { KinkRows } from "./kink-rows.js";

/**
 * Knows whether the objective has a kink between θ − h·e and θ + h·e for a coordinate e.
 *
 * A single parameter moves its layer's pre-activations along a line, and those above too as long as
 * none below changes its side: networks are affine in each layer's parameters. So there is no kink
 * between where all signs at both ends and in the middle are the same, and there is one where they
 * differ. This is exact for piecewise-linear networks. With smooth activations below, or batch
 * statistics, pre-activations curve. A value then counts as meeting 0 if it is no larger than its
 * second difference, which is at least twice what a parabola can bulge.
 */
export class KinkGuard {
  readonly #rows: KinkRows;
  readonly #here: Float64Array;
  readonly #below: Float64Array;
  readonly #above: Float64Array;
  /**
   * Where single precision sees another side than double: places, and whether something jumps
   * there.
   */
  readonly #disputed: readonly { layer: number; unit: number; everywhere: boolean }[];

  constructor(
    readonly net: Network,
    data: Dataset,
    readonly mode: BatchNormMode,
    /** Whether derivatives of the gradient are taken, which jump at huber's ±1, too. */
    second: boolean,
  ) {
    const rows = new KinkRows(net, data);
    this.#rows = rows;
    [this.#here, this.#below, this.#above] = [rows.room(), rows.room(), rows.room()];
    const { parameters } = net.current();
    const read = (dtype: "f32" | "f64", into: Float64Array): void =>
      withProbe(net, data, mode, { dtype }, (probe) => {
        probe.visit(parameters, (from) => rows.read(probe, from, into));
      });
    read("f64", this.#here);
    if (net.spec.dtype === "f64") {
      this.#disputed = [];
      return;
    }
    read("f32", this.#below);
    const { curved } = lossTraits(net.spec.loss);
    this.#disputed = rows.rows.flatMap(({ layer, unit, residual }, row) => {
      const differs = this.#differs(row);
      const jumps = net.spec.layers[layer].activation.type === "step";
      if (!differs || (residual !== null && !second && curved)) return [];
      return [{ layer, unit, everywhere: second || jumps }];
    });
  }

  #differs(row: number): boolean {
    const { samples } = this.#rows;
    for (let i = row * samples; i < (row + 1) * samples; ++i) {
      if (Math.sign(this.#here[i]) !== Math.sign(this.#below[i])) return true;
    }
    return false;
  }

  /** Reads the values below or above the point, as a probe passes there. */
  read(probe: Probe, from: number, above: boolean): void {
    this.#rows.read(probe, from, above ? this.#above : this.#below);
  }

  /** After both have been read, with parameter `place` moved by h. */
  meets(place: ParameterPlace, value: number, h: number): boolean {
    const { penalty } = this.net.spec;
    const penalised = penalty.on === "all" || place.kind === "weight";
    if (penalty.l1 > 0 && penalised && Math.abs(value) <= h) return true;
    const disputed = this.#disputed.some(
      ({ layer, unit, everywhere }) =>
        everywhere || place.layer < layer || (place.layer === layer && place.unit === unit),
    );
    return disputed || this.#crosses(place.layer);
  }

  /** Layers below that of the parameter do not move. */
  #crosses(layer: number): boolean {
    const { rows, samples } = this.#rows;
    const first = rows.findIndex((row) => row.layer >= layer);
    if (first < 0) return false;
    for (let i = first * samples; i < rows.length * samples; ++i) {
      const [low, here, high] = [this.#below[i], this.#here[i], this.#above[i]];
      const bulge = high - 2 * here + low;
      if (low * here > 0 && high * here > 0 && Math.abs(here) > Math.abs(bulge)) continue;
      if (low !== 0 || here !== 0 || high !== 0) return true;
    }
    return false;
  }
}
