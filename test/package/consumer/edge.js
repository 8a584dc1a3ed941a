// A worker at the edge, where bytes may not be compiled: it answers with the error that comes of
// trying, and then with what main.js prints of the strict build once the module has been passed on.
import { adam, dataset, fit, init, network } from "hessia";
import core from "hessia/core.wasm";
import { fromSafetensors, toSafetensors } from "hessia/formats";

const data = dataset(
  [
    [1, 2, 3],
    [-0.5, 0.25, 4],
    [0.1, -3, 0.7],
  ],
  [0, 1, 1],
);

const bitsOf = (values) =>
  Array.from(new BigUint64Array(values.buffer), (bits) => bits.toString(16).padStart(16, "0")).join(" ");

function make() {
  return network({
    inputs: 3,
    layers: [{ units: 5, activation: "relu" }, { units: 2 }],
    loss: "cross-entropy",
    seed: 7,
  });
}

function refusal() {
  try {
    make();
    return "none";
  } catch (error) {
    return error.message;
  }
}

export default {
  async fetch() {
    const refused = refusal();
    await init({ module: core });
    const gradient = bitsOf(make().gradient(data).gradient);
    const net = fromSafetensors(toSafetensors(make())).network;
    await fit(net, data, { optimizer: adam({ learningRate: 0.01 }), epochs: 5, batchSize: 2, seed: 3 });
    return Response.json({ refused, gradient, before: bitsOf(net.getParameters()) });
  },
};
