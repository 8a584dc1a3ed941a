import { levenbergMarquardt } from "ml-levenberg-marquardt";
import type { Curve, Peer } from "../peer.ts";

/**
 * The method gives the parameters before the last step unless that step gained more than the
 * tolerance, so the model keeps those that it was asked for last: at the end they are the ones that
 * met the tolerance.
 */
function fitFrom(start: ArrayLike<number>, { units, x, y, target, steps }: Curve): ArrayLike<number> {
  let last: ArrayLike<number> = start;
  const model = (p: number[]) => {
    last = p;
    return (t: number) => {
      let value = p[3 * units]!;
      for (let j = 0; j < units; j++) value += p[2 * units + j]! * Math.tanh(p[j]! * t + p[units + j]!);
      return value;
    };
  };
  const jacobianFunction = (p: number[]) => (t: number) => {
    const row = new Array<number>(3 * units + 1);
    for (let j = 0; j < units; j++) {
      const h = Math.tanh(p[j]! * t + p[units + j]!);
      const slope = p[2 * units + j]! * (1 - h * h);
      row[j] = slope * t;
      row[units + j] = slope;
      row[2 * units + j] = h;
    }
    row[3 * units] = 1;
    return row;
  };
  levenbergMarquardt({ x, y }, model, {
    initialValues: start,
    jacobianFunction,
    maxIterations: steps,
    errorTolerance: x.length * target ** 2,
  });
  return last;
}

export async function open(version: string): Promise<Peer> {
  return {
    name: "ml-levenberg-marquardt",
    version,
    dtypes: ["f64"],
    leastSquares: (curve) => ({ call: () => curve.starts.map((start) => fitFrom(start, curve)) }),
  };
}
