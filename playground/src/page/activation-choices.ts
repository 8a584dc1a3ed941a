import { type ActivationName, activationNames } from "../model/settings.ts";

const labels: Record<ActivationName, string> = {
  relu: "ReLU",
  "leaky-relu": "Leaky ReLU",
  elu: "ELU",
  gelu: "GELU",
  silu: "SiLU",
  softplus: "Softplus",
  tanh: "tanh",
  sigmoid: "Sigmoid",
  identity: "Linear",
};

export const activations = activationNames.map((value) => ({ value, label: labels[value] }));
