// What a user writes first. Prints the bits of a gradient, before and after `init`, and which builds gave them.
import { dataset, init, network } from "hessia";

function gradientBits() {
  const net = network({ inputs: 3, layers: [{ units: 5, activation: "relu" }, { units: 2 }], loss: "mse", seed: 7 });
  const data = dataset(
    [
      [1, 2, 3],
      [-0.5, 0.25, 4],
    ],
    [
      [1, 0],
      [0.1, 0.2],
    ],
  );
  const { gradient } = net.gradient(data);
  return Array.from(new BigUint64Array(gradient.buffer), (bits) => bits.toString(16).padStart(16, "0")).join(" ");
}

const before = gradientBits();
await init({ simd: "strict" });
const strict = gradientBits();
await init();
console.log(JSON.stringify({ before, strict, best: gradientBits() }));
