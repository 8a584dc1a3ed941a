export interface TermText {
  readonly title: string;
  readonly sentence: string;
  readonly formula: string;
  /** Page of the guide, and the place on it. */
  readonly guide: string;
}

/** Terms of the field that the page uses: a sentence, the formula, and where the guide goes on. */
export const terms = {
  loss: {
    title: "Loss",
    sentence:
      "One number for how far the outputs are from the data: the mean over the samples. Training makes it small.",
    formula: "L(θ) = 1/N · Σₙ ℓ(f(xₙ; θ), yₙ)",
    guide: "training",
  },
  gradient: {
    title: "Gradient",
    sentence: "The slope of the loss in every parameter. It points uphill, so steps go against it.",
    formula: "∇L = (∂L/∂θ₁, …, ∂L/∂θ_P)",
    guide: "training",
  },
  hessian: {
    title: "Hessian",
    sentence: "All second derivatives of the loss: how the slope in one parameter changes when another one moves.",
    formula: "H_ij = ∂²L / ∂θᵢ ∂θⱼ",
    guide: "curvature",
  },
  eigenvalues: {
    title: "Eigenvalues",
    sentence:
      "The curvature in the Hessian's own directions. Above 0 the loss curves up there, below 0 it curves down.",
    formula: "H·v = λ·v",
    guide: "curvature",
  },
  index: {
    title: "Index",
    sentence: "How many directions curve down: the number of negative eigenvalues. A minimum has none.",
    formula: "#{i : λᵢ < 0}",
    guide: "glossary",
  },
  saddle: {
    title: "Saddle",
    sentence:
      "A place without slope where some directions still lead down. Gradients do not see them; the Hessian does.",
    formula: "∇L = 0, λ_min < 0 < λ_max",
    guide: "glossary",
  },
  ggn: {
    title: "Gauss-Newton matrix",
    sentence: "The part of the Hessian that comes from the loss alone. It never curves down.",
    formula: "G = 1/N · Σₙ Jₙᵀ · ℓ″ₙ · Jₙ",
    guide: "curvature",
  },
  dead: {
    title: "Dead unit",
    sentence: "A ReLU that no sample reaches. It gives 0 everywhere and gets no gradient, so training cannot move it.",
    formula: "w·xₙ + b ≤ 0 for all n",
    guide: "diagnostics",
  },
  kink: {
    title: "Kink",
    sentence: "The line on which a ReLU switches on. Between such lines the output is flat or a slope.",
    formula: "w·x + b = 0",
    guide: "relu-and-second-order",
  },
  surface: {
    title: "Loss surface",
    sentence: "The loss on a plane through the network's parameters. The white line is the path; dashed is the model.",
    formula: "L(θ + s·u + t·v)",
    guide: "curvature",
  },
  model: {
    title: "Second-order model",
    sentence:
      "The parabola that has the loss's value, slope and curvature here. Newton's method goes to its lowest point.",
    formula: "m(δ) = L + gᵀδ + ½·δᵀHδ",
    guide: "curvature",
  },
  optimizer: {
    title: "Optimizer",
    sentence: "The rule that turns gradients, and for some methods curvature, into the next step.",
    formula: "θ ← θ − η·∇L (SGD)",
    guide: "choosing-an-optimizer",
  },
  learningRate: {
    title: "Learning rate",
    sentence: "The length of a step. Plain gradient descent diverges above 2 divided by the largest eigenvalue.",
    formula: "η < 2/λ_max",
    guide: "choosing-an-optimizer",
  },
  batch: {
    title: "Batch",
    sentence: "The samples of one step. Small batches give fast, noisy steps; all samples give the exact gradient.",
    formula: "∇L ≈ 1/B · Σ_{n in batch} ∇ℓₙ",
    guide: "training",
  },
  epoch: {
    title: "Epoch",
    sentence: "One pass over all training samples.",
    formula: "⌈N/B⌉ steps",
    guide: "glossary",
  },
  test: {
    title: "Test data",
    sentence: "Samples that training never sees. Their loss says how well the network does on new data.",
    formula: "L_test = 1/M · Σₘ ℓ(f(xₘ; θ), yₘ)",
    guide: "training",
  },
} as const satisfies Record<string, TermText>;

export type TermName = keyof typeof terms;
