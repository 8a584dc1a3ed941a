import type { ActivationName } from "../model/settings.ts";

export const activations: readonly { readonly value: ActivationName; readonly label: string }[] = [
  { value: "relu", label: "ReLU" },
  { value: "leaky-relu", label: "Leaky ReLU" },
  { value: "elu", label: "ELU" },
  { value: "gelu", label: "GELU" },
  { value: "silu", label: "SiLU" },
  { value: "softplus", label: "Softplus" },
  { value: "tanh", label: "tanh" },
  { value: "sigmoid", label: "Sigmoid" },
  { value: "identity", label: "Linear" },
];
