// Oracle: the package's own sentences, and what the page calls the same layers.
import { expect, test } from "vitest";
import { countedFromOne } from "../src/model/counting.ts";

test.each([
  ["2 of the 4 units of layer 1 give 0 for every sample", 2, "2 of the 4 units of layer 2 give 0 for every sample"],
  [
    "layer 1 gives 0 for every sample, so it and layer 0 get no gradient; layers 2 to 4 still learn, but only a constant (of layer 2, the bias alone)",
    4,
    "layer 2 gives 0 for every sample, so it and layer 1 get no gradient; layers 3 to the output still learn, but only a constant (of layer 3, the bias alone)",
  ],
  [
    "layer 2 gives 0, so it and layers 0 to 1 get none; layer 3 still learns",
    3,
    "layer 3 gives 0, so it and layers 1 to 2 get none; the output layer still learns",
  ],
  [
    "layer 0 has units with the same incoming parameters: 0 = 1 = 2; 4 = 9",
    1,
    "layer 1 has units with the same incoming parameters: 1 = 2 = 3; 5 = 10",
  ],
  [
    "of the 12 gradients of layer 0 3 are 0 and 1 subnormal",
    1,
    "of the 12 gradients of layer 1 3 are 0 and 1 subnormal",
  ],
  ["NaN of layer 0, unit 3 at sample 4", 1, "NaN of layer 1, unit 4 at sample 4"],
  ["the gradient is exactly 0: no parameter will move", 2, "the gradient is exactly 0: no parameter will move"],
])("%s", (message, hiddenLayers, said) => {
  expect(countedFromOne(message, hiddenLayers)).toBe(said);
});
