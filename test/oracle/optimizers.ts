/** First-order methods as PyTorch updates a single tensor, one number at a time. */

export interface SgdOptions {
  learningRate?: number;
  momentum?: number;
  dampening?: number;
  nesterov?: boolean;
  weightDecay?: number;
}

export interface AdagradOptions {
  learningRate?: number;
  lrDecay?: number;
  initialAccumulator?: number;
  epsilon?: number;
  weightDecay?: number;
}

export interface AdadeltaOptions {
  learningRate?: number;
  rho?: number;
  epsilon?: number;
  weightDecay?: number;
}

export interface RmspropOptions {
  learningRate?: number;
  decay?: number;
  epsilon?: number;
  momentum?: number;
  centered?: boolean;
  weightDecay?: number;
}

export interface AdamOptions {
  learningRate?: number;
  betas?: [number, number];
  epsilon?: number;
  weightDecay?: number;
  amsgrad?: boolean;
}

/** Takes the parameters and the gradient there, gives the next parameters; the state is inside. */
export type Step = (θ: ArrayLike<number>, g: ArrayLike<number>) => number[];

/** Runs one number's rule on every entry, each with a state of its own. */
function perEntry<State>(create: () => State, rule: (state: State, x: number, g: number, t: number) => number): Step {
  const states: State[] = [];
  let t = 0;
  return (θ, g) => {
    t++;
    return Array.from(θ, (x, k) => {
      states[k] ??= create();
      return rule(states[k], x, g[k], t);
    });
  };
}

/** The velocity starts as the first gradient, undampened. */
export function sgd(options: SgdOptions = {}): Step {
  const { learningRate = 1e-3, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  return perEntry(
    () => ({ velocity: 0 }),
    (state, x, gradient, t) => {
      let g = gradient + weightDecay * x;
      if (momentum !== 0) {
        state.velocity = t === 1 ? g : momentum * state.velocity + (1 - dampening) * g;
        g = nesterov ? g + momentum * state.velocity : state.velocity;
      }
      return x - learningRate * g;
    },
  );
}

export function adagrad(options: AdagradOptions = {}): Step {
  const { learningRate = 1e-2, lrDecay = 0, initialAccumulator = 0, epsilon = 1e-10, weightDecay = 0 } = options;
  return perEntry(
    () => ({ sum: initialAccumulator }),
    (state, x, gradient, t) => {
      const g = gradient + weightDecay * x;
      state.sum += g * g;
      return x - ((learningRate / (1 + (t - 1) * lrDecay)) * g) / (Math.sqrt(state.sum) + epsilon);
    },
  );
}

export function adadelta(options: AdadeltaOptions = {}): Step {
  const { learningRate = 1, rho = 0.9, epsilon = 1e-6, weightDecay = 0 } = options;
  return perEntry(
    () => ({ squares: 0, updates: 0 }),
    (state, x, gradient) => {
      const g = gradient + weightDecay * x;
      state.squares = rho * state.squares + (1 - rho) * g * g;
      const delta = (Math.sqrt(state.updates + epsilon) / Math.sqrt(state.squares + epsilon)) * g;
      state.updates = rho * state.updates + (1 - rho) * delta * delta;
      return x - learningRate * delta;
    },
  );
}

/** ε is outside the root; `decay` is PyTorch's alpha. */
export function rmsprop(options: RmspropOptions = {}): Step {
  const {
    learningRate = 1e-2,
    decay = 0.99,
    epsilon = 1e-8,
    momentum = 0,
    centered = false,
    weightDecay = 0,
  } = options;
  return perEntry(
    () => ({ squares: 0, mean: 0, velocity: 0 }),
    (state, x, gradient) => {
      const g = gradient + weightDecay * x;
      state.squares = decay * state.squares + (1 - decay) * g * g;
      state.mean = decay * state.mean + (1 - decay) * g;
      const variance = centered ? state.squares - state.mean ** 2 : state.squares;
      const step = g / (Math.sqrt(variance) + epsilon);
      state.velocity = momentum * state.velocity + step;
      return x - learningRate * state.velocity;
    },
  );
}

/**
 * AMSGrad keeps the largest uncorrected second moment and corrects it by the current step's factor.
 */
function adamStep(state: AdamState, g: number, t: number, options: Required<AdamOptions>): number {
  const { learningRate, betas, epsilon, amsgrad } = options;
  state.first = betas[0] * state.first + (1 - betas[0]) * g;
  state.second = betas[1] * state.second + (1 - betas[1]) * g * g;
  state.largest = Math.max(state.largest, state.second);
  const first = state.first / (1 - betas[0] ** t);
  const second = (amsgrad ? state.largest : state.second) / (1 - betas[1] ** t);
  return (learningRate * first) / (Math.sqrt(second) + epsilon);
}

interface AdamState {
  first: number;
  second: number;
  largest: number;
}

const adamState = (): AdamState => ({ first: 0, second: 0, largest: 0 });

const adamDefaults = { learningRate: 1e-3, betas: [0.9, 0.999] as [number, number], epsilon: 1e-8, amsgrad: false };

/** Weight decay is added to the gradient. */
export function adam(options: AdamOptions = {}): Step {
  const all = { ...adamDefaults, weightDecay: 0, ...options };
  return perEntry(adamState, (state, x, g, t) => x - adamStep(state, g + all.weightDecay * x, t, all));
}

/** Weight decay shrinks the parameters by 1 − learningRate·weightDecay before the step. */
export function adamw(options: AdamOptions = {}): Step {
  const all = { ...adamDefaults, weightDecay: 1e-2, ...options };
  return perEntry(
    adamState,
    (state, x, g, t) => x * (1 - all.learningRate * all.weightDecay) - adamStep(state, g, t, all),
  );
}

export const optimizers = { sgd, adagrad, adadelta, rmsprop, adam, adamw };

export type OptimizerName = keyof typeof optimizers;
