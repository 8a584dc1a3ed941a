// The core from an address of its own, compiled while it arrives.
import { dataset, init, network } from "hessia";

await init({ module: fetch("core.wasm") });
const net = network({
  inputs: 3,
  layers: [{ units: 5, activation: "relu" }, { units: 2 }],
  loss: "cross-entropy",
  seed: 7,
});
const data = dataset(
  [
    [1, 2, 3],
    [-0.5, 0.25, 4],
    [0.1, -3, 0.7],
  ],
  [0, 1, 1],
);
const { buffer } = net.gradient(data).gradient;
console.log(Array.from(new BigUint64Array(buffer), (bits) => bits.toString(16).padStart(16, "0")).join(" "));
