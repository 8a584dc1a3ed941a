import { isObject, show, wrongValue } from "../../check.js";
import { clip } from "../plain.js";

/** A layer of a Keras model. */
export interface KerasLayer {
  readonly type: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Layers from the inputs to the outputs, and the number of inputs; null where the model leaves it
 * open.
 */
export interface Chain {
  readonly inputs: number | null;
  readonly layers: readonly KerasLayer[];
}

interface Found extends KerasLayer {
  readonly inbound: unknown;
}

/**
 * The layers of a sequential model, or of a functional one in which each takes what one other
 * gives.
 */
export function chainOf(where: string, { class_name: type, config }: Record<string, unknown>): Chain {
  const given = Array.isArray(config) ? config : isObject(config) ? config.layers : undefined;
  if (!Array.isArray(given)) return wrongValue(where, "model", "a model with a list of layers", show(type));
  const found = given.map((layer) => layerOf(where, layer));
  const functional = type === "Functional" || type === "Model";
  if (!functional && type !== "Sequential")
    wrongValue(where, "model", "a Sequential or a Functional model", show(type));
  const layers = functional ? chained(where, found) : found;
  return { inputs: inputsOf(layers), layers };
}

function layerOf(where: string, given: unknown): Found {
  const { class_name: type, config, name: own, inbound_nodes: inbound } = isObject(given) ? given : {};
  if (typeof type !== "string" || !isObject(config))
    return wrongValue(where, "model", "layers with a class_name and a config", show(given));
  const name = own ?? config.name;
  return { type, config, name: typeof name === "string" ? name : type, inbound };
}

/** One behind the other, from the layer that takes nothing on. */
function chained(where: string, layers: readonly Found[]): KerasLayer[] {
  const after = new Map<string, Found>();
  for (const layer of layers) {
    const sources = new Set(sourcesOf(layer.inbound));
    if (sources.size > 1) {
      wrongValue(
        where,
        "model",
        "layers that take what one other gives",
        `${clip(layer.name)}, which takes ${sources.size}`,
      );
    }
    const [source] = sources;
    if (source === undefined) continue;
    if (after.has(source)) wrongValue(where, "model", "a chain of layers", `two that take what ${clip(source)} gives`);
    after.set(source, layer);
  }
  const firsts = layers.filter(({ inbound }) => sourcesOf(inbound).length === 0);
  if (firsts.length !== 1) wrongValue(where, "model", "one input", `${firsts.length}`);
  const chain: Found[] = [];
  for (let at: Found | undefined = firsts[0]; at && chain.length <= layers.length; at = after.get(at.name))
    chain.push(at);
  if (chain.length !== layers.length)
    wrongValue(where, "model", "a chain of layers", `${layers.length} of which ${chain.length} form one`);
  return chain;
}

/**
 * Names of the layers that a layer takes from: Keras 2 lists them, Keras 3 has them within its
 * arguments.
 */
function sourcesOf(inbound: unknown): string[] {
  if (!Array.isArray(inbound)) {
    if (!isObject(inbound)) return [];
    const { keras_history: history } = isObject(inbound.config) ? inbound.config : {};
    if (Array.isArray(history) && typeof history[0] === "string") return [history[0]];
    return Object.values(inbound).flatMap(sourcesOf);
  }
  if (typeof inbound[0] === "string") return [inbound[0]];
  return inbound.flatMap(sourcesOf);
}

/** Of the first layer's shape; an image's are all its numbers, since a Flatten follows. */
function inputsOf(layers: readonly KerasLayer[]): number | null {
  const { batch_input_shape: older, batch_shape: newer } = layers[0]?.config ?? {};
  const shape = older ?? newer;
  if (!Array.isArray(shape)) return null;
  const sizes = shape.slice(1);
  if (sizes.length === 0 || !sizes.every((n) => Number.isInteger(n) && n > 0)) return null;
  return sizes.reduce((product: number, n: number) => product * n, 1);
}
