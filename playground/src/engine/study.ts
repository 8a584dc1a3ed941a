import { influence, laplace, type Network } from "hessia";
import { Plain } from "../model/plainly.ts";
import {
  type Along,
  type Point,
  STUDY_MAP,
  type Study,
  type StudyRequest,
  type Suspects,
  type Uncertainty,
} from "../model/protocol.ts";
import { dot, extremes } from "./curvature.ts";
import { outputMap } from "./picture.ts";
import type { World } from "./world.ts";

/** Losses of values without a noise: nothing follows from them on how sure a network is. */
const UNSAID =
  "This loss says nothing of how likely a target is. Choose the mean squared error to ask how sure the network is.";

/** What the curvature decides at a point, by the package. */
export function studyOf(net: Network, world: World, request: StudyRequest, { step }: Point): Study {
  const { loss } = net.spec;
  const likely = loss === "mse" || loss === "cross-entropy" || loss === "binary-cross-entropy";
  if (request.kind !== "along" && !likely) throw new Plain(UNSAID);
  if (request.kind === "uncertainty") return { ...uncertaintyOf(net, world), step };
  if (request.kind === "suspects") return { ...suspectsOf(net, world), step };
  return { ...alongOf(net, world, request), step };
}

/** Priors whose evidence is shown, each ten times the one before. */
const PRIORS = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];
/** Rows and columns of the map that count as a corner. */
const CORNER = 6;

function uncertaintyOf(net: Network, world: World): Uncertainty {
  const posterior = laplace(net, world.train, { groups: "all" });
  const { data, columns } = posterior.predict(world.grid(STUDY_MAP)).deviation;
  // Of several outputs the least sure counts.
  const largest = (values: ArrayLike<number>, row: number): number => {
    let most = 0;
    for (let j = 0; j < columns; ++j) most = Math.max(most, values[row * columns + j]);
    return most;
  };
  const deviation = Float32Array.from({ length: STUDY_MAP ** 2 }, (_, i) => largest(data, i));
  const atSamples = posterior.predict(world.train.inputs).deviation.data;
  const here = Float64Array.from({ length: world.train.size }, (_, i) => largest(atSamples, i));
  const end = (at: number): boolean => at < CORNER || at >= STUDY_MAP - CORNER;
  const corners = deviation.filter((_, i) => end(i % STUDY_MAP) && end(Math.floor(i / STUDY_MAP)));
  return {
    kind: "uncertainty",
    deviation,
    atData: median(here),
    inCorners: median(corners),
    effective: posterior.effectiveParameters,
    evidence: PRIORS.map((prior) => ({ prior, logEvidence: laplace(net, world.train, { prior }).logEvidence })),
    best: posterior.prior[0],
    status: posterior.status,
  };
}

function suspectsOf(net: Network, world: World): Suspects {
  const { mislabelled, status } = influence(net, world.train, { damping: "evidence" });
  const { flipped } = world;
  return {
    kind: "suspects",
    rows: mislabelled.map(({ row, score }) => ({ row, score, flipped: row < flipped })),
    flipped,
    status,
  };
}

function alongOf(net: Network, world: World, { end, length }: Extract<StudyRequest, { kind: "along" }>): Along {
  const { low, high, lowVector, highVector } = extremes(net, world.train);
  const [eigenvalue, vector] = end === "lowest" ? [low, lowVector] : [high, highVector];
  const start = net.getParameters();
  const { loss: here, gradient } = net.gradient(world.train);
  net.setParameters(Float64Array.from(start, (value, i) => value + length * vector[i]));
  const result: Along = {
    kind: "along",
    outputMap: outputMap({ net, world }),
    length,
    eigenvalue,
    loss: net.loss(world.train),
    here,
    foretold: here + length * dot(gradient, vector) + 0.5 * eigenvalue * length ** 2,
  };
  net.setParameters(start);
  return result;
}

function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1];
}
