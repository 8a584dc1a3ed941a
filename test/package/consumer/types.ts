import { adam, type Dataset, dataset, fit, init, type Matrix, matrix, multiply, type Network, network } from "hessia";
import { fromJson, type Saved, toJson, toNpy, toOnnx, toSafetensors } from "hessia/formats";

await init({ simd: "auto" });
const a: Matrix = matrix([
  [1, 2],
  [3, 4],
]);
const product: Matrix = multiply(a, a, { transposeB: true });
const data: Dataset = dataset(product, [0, 1]);
const net: Network = network({
  inputs: 2,
  layers: [{ units: 4, activation: { type: "leaky-relu", slope: 0.01 }, batchNorm: true }, { units: 2 }],
  loss: "cross-entropy",
});
const { loss, gradient } = net.gradient(data);
const first: number = loss + gradient[0]!;
const { epochs, status, checkpoint } = await fit(net, data, { optimizer: adam({ learningRate: 1e-3 }), epochs: 2 });
const last: number | undefined = epochs[epochs.length - 1]?.loss;
console.log(first.toFixed(3), status, last);

// @ts-expect-error -- names are checked
network({ inputs: 2, layers: [{ units: 2 }], loss: "hinge" });

const saved: Saved = fromJson(toJson(net, { checkpoint, metadata: { classes: ["a", "b"] } }));
const files: Uint8Array<ArrayBuffer>[] = [toSafetensors(saved.network), toOnnx(net, { dtype: "f32" }), toNpy(product)];
const response = new Response(files[0]);
console.log(response, saved.checkpoint?.progress.step);
