import { optimizerEntry, optionValues } from "./optimizers.ts";
import type { Scenery } from "./protocol.ts";
import type { HiddenLayer, Settings } from "./settings.ts";

/** The specification of a network as `network` takes it. */
export function specOf(settings: Settings, { outputs, loss, signed, inputs, problem, wide }: Scenery): object {
  const { l1, l2, penaltyOn } = settings;
  return {
    inputs: wide ? inputs.length : settings.features.length,
    layers: [
      ...settings.layers.map((layer) => layerOf(layer, settings)),
      { units: outputs, ...(signed && problem === "classification" ? { activation: "tanh" } : {}) },
    ],
    loss: loss === "quantile" ? { type: loss, at: settings.quantile } : loss,
    ...(l1 > 0 || l2 > 0 ? { penalty: { l1, l2, on: penaltyOn } } : {}),
    initializer: settings.initializer,
    seed: settings.seed,
  };
}

function layerOf({ units, activation, batchNorm }: HiddenLayer, { atZero, slope }: Settings): object {
  const kind =
    activation === "relu" && atZero !== 0
      ? { type: "relu", atZero }
      : activation === "leaky-relu" && slope !== 0.01
        ? { type: "leaky-relu", slope }
        : activation;
  return { units, activation: kind, ...(batchNorm ? { batchNorm: true } : {}) };
}

/** A program that makes the network and trains it. */
export function programOf(settings: Settings, scenery: Scenery): string {
  const { optimizer, learningRate, batchSize, clip, clipAt, schedule, scheduleEpochs, seed } = settings;
  const entry = optimizerEntry(optimizer);
  const options: Record<string, unknown> = entry.learningRate === null ? {} : { learningRate };
  const values = optionValues(settings);
  for (const { key, value } of entry.options) if (values[key] !== value) options[key] = values[key];
  const steps = scheduleEpochs * scenery.stepsPerEpoch;
  const schedules = {
    constant: "",
    step: `stepDecay({ every: ${scheduleEpochs}, factor: 0.1 })`,
    cosine: "cosine()",
    "one-cycle": "oneCycle()",
    "warm-up": `warmUp({ steps: ${steps} })`,
  };
  const scheduled = schedules[schedule];
  const names = ["dataset", "fit", "network", entry.key, ...(scheduled ? [scheduled.split("(")[0]] : [])].sort();
  const lines = [
    `import { ${[...new Set(names)].join(", ")} } from "hessia";`,
    "",
    `const net = network(${code(specOf(settings, scenery))});`,
    ...(settings.bias === 0 ? [] : [biasLines(settings)]),
    "",
    `// inputs: ${inputsOf(settings, scenery)}; targets: ${targetsOf(scenery)}`,
    `const inputs = [\n${scenery.rows.map((row) => `  [${row.join(", ")}],`).join("\n")}\n];`,
    `const targets = [\n${wrapped(scenery.targets)}\n];`,
    "const data = dataset(inputs, targets);",
    "const history = await fit(net, data, {",
    `  optimizer: ${entry.key}(${Object.keys(options).length > 0 ? code(options, 1) : ""}),`,
    `  epochs: ${schedule === "cosine" || schedule === "one-cycle" ? scheduleEpochs : settings.stopEpochs || 500},`,
    `  batchSize: ${batchSize === 0 ? "data.size" : batchSize},`,
    ...(scheduled ? [`  schedule: ${scheduled},`] : []),
    ...(clip === "none" ? [] : [`  clip: { ${clip}: ${clipAt} },`]),
    `  seed: ${seed},`,
    "});",
    "console.log(history.status, net.evaluate(data), net.hessian(data).eigenvalues());",
  ];
  return lines.join("\n");
}

/** Some numbers a line. */
function wrapped(values: readonly number[]): string {
  const lines = Array.from({ length: Math.ceil(values.length / 20) }, (_, i) => values.slice(20 * i, 20 * (i + 1)));
  return lines.map((line) => `  ${line.join(", ")},`).join("\n");
}

function biasLines({ bias, layers }: Settings): string {
  return [
    "const parameters = net.getParameters();",
    "let at = 0;",
    "let width = net.spec.inputs;",
    `for (const { units, batchNorm } of net.spec.layers.slice(0, ${layers.length})) {`,
    `  parameters.fill(${bias}, at + units * width, at + units * (width + 1));`,
    "  at += units * (width + (batchNorm ? 3 : 1));",
    "  width = units;",
    "}",
    "net.setParameters(parameters);",
  ].join("\n");
}

function inputsOf(settings: Settings, { inputs, wide }: Scenery): string {
  return (wide ? inputs : settings.features).join(", ");
}

function targetsOf({ problem, classes, signed }: Scenery): string {
  if (problem === "regression") return "numbers in −1 … 1";
  if (signed) return `−1 (${classes[0]}) or 1 (${classes[1]})`;
  return classes.map((name, index) => `${index} (${name})`).join(", ");
}

function code(value: unknown, depth = 0): string {
  if (Array.isArray(value)) {
    const inner = value.map((item) => `${"  ".repeat(depth + 2)}${code(item, depth + 1)}`);
    return `[\n${inner.join(",\n")},\n${"  ".repeat(depth + 1)}]`;
  }
  if (typeof value === "object" && value !== null) {
    const parts = Object.entries(value).map(([key, item]) => `${key}: ${code(item, depth)}`);
    if (depth > 0) return `{ ${parts.join(", ")} }`;
    return `{\n${parts.map((part) => `  ${part},`).join("\n")}\n}`;
  }
  return JSON.stringify(value);
}
