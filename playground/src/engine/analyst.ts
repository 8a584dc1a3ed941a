import type { Network } from "hessia";
import { network } from "hessia";
import type { OwnData } from "../data/own.ts";
import { plainly } from "../model/plainly.ts";
import type { FromAnalyst, Point, ToAnalyst } from "../model/protocol.ts";
import type { Settings } from "../model/settings.ts";
import { hessianPicture } from "./curvature.ts";
import { reportOf } from "./diagnosis.ts";
import { sharedSurfaceOf } from "./shared-surface.ts";
import { surfaceOf } from "./surface.ts";
import { World } from "./world.ts";

/** Looks at points of training without holding it up. */
export class Analyst {
  #start: { start: Settings; own: OwnData | null } | null = null;
  #world: World | null = null;
  #net: { readonly key: string; readonly net: Network } | null = null;

  constructor(readonly post: (message: FromAnalyst) => void) {}

  take(message: ToAnalyst): void {
    if (message.type === "load") {
      this.#start = message;
      this.#world = null;
      this.#net = null;
      return;
    }
    const { id } = message;
    try {
      const world = this.#worldHere();
      const net = this.#at(world, message.point);
      if (message.type === "hessian")
        this.post({ type: "hessian", id, picture: hessianPicture(net, world.train, message.point) });
      else if (message.type === "surface")
        this.post({ type: "surface", id, surface: surfaceOf(net, world, message.request, message.point) });
      else if (message.type === "shared")
        this.post({ type: "shared", id, surface: sharedSurfaceOf(net, world, message.paths) });
      else if (message.type === "study") void this.#study(message, net, world);
      else this.post({ type: "diagnose", id, report: reportOf(net, world, message.point) });
    } catch (error) {
      this.post({ type: "failed", id, message: plainly(error, "This point of training could not be looked at") });
    }
  }

  /** Comes with the code of inference, which nothing else needs. */
  async #study(
    { id, request, point }: Extract<ToAnalyst, { type: "study" }>,
    net: Network,
    world: World,
  ): Promise<void> {
    try {
      const { studyOf } = await import("./study.ts");
      // The network may have been lent to another question meanwhile.
      net.setParameters(point.parameters);
      this.post({ type: "study", id, study: studyOf(net, world, request, point) });
    } catch (error) {
      this.post({ type: "failed", id, message: plainly(error, "This point of training could not be looked at") });
    }
  }

  #worldHere(): World {
    if (!this.#start) throw new Error("There is nothing to look at yet.");
    this.#world ??= new World(this.#start.start, this.#start.own);
    return this.#world;
  }

  #at(
    world: World,
    { settings, parameters, statistics }: Pick<Point, "settings" | "parameters" | "statistics">,
  ): Network {
    const spec = world.spec(settings);
    const key = JSON.stringify([spec.layers, spec.penalty]);
    if (this.#net?.key !== key) this.#net = { key, net: network(spec) };
    const { net } = this.#net;
    net.setParameters(parameters);
    if (statistics.length > 0) net.setRunningStatistics(statistics);
    return net;
  }
}
