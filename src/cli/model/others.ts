import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isObject } from "../../check.js";
import { fromLayersModel, fromOnnx, fromTensors, type Imported } from "../../formats/index.js";
import type { ActivationName, Network } from "../../index.js";
import type { ColumnsData } from "../../tables/index.js";
import { badInput } from "../errors.js";
import { printable } from "../output/format.js";

/** A model that another program trained. */
export interface OtherModel {
  readonly net: Network;
  /** Its inputs as columns, by their places, behind them what it predicts. */
  readonly table: ColumnsData;
  /** As the file has them, of classes. */
  readonly labels: Imported["classes"];
  /** The format, for messages. */
  readonly format: string;
}

type Loss = { loss?: "mse" };
type Import = (options: Loss) => Imported;

/**
 * Reads a model of another program: ONNX, TensorFlow.js's model.json with its weights beside it, or
 * the tensors that another library saved.
 *
 * @param activation of the hidden layers, which tensors do not hold.
 * @returns null for a file that is none of these, as far as can be seen.
 */
export async function readOther(path: string, activation?: ActivationName): Promise<OtherModel | null> {
  const bytes = await readFile(path);
  if (/\.onnx$/i.test(path)) return otherOf("ONNX", path, (options) => fromOnnx(bytes, options));
  if (/\.json$/i.test(path)) {
    const document = layersModelIn(bytes);
    if (document === null) return null;
    const weights = await weightsOf(path, document);
    return otherOf("TensorFlow.js", path, (options) => fromLayersModel(document, weights, options));
  }
  if (!/\.safetensors$/i.test(path) || !holdsTensorsOfOthers(bytes)) return null;
  const given = activation === undefined ? {} : { activation };
  const other = otherOf("safetensors", path, (options) => fromTensors(bytes, { ...options, ...given }));
  if (activation === undefined && other.net.spec.layers.length > 1) {
    const what = "tensors do not say which activations stand between their layers";
    badInput(`${printable(path)}: ${what}; name one, as in --activation relu, or take an ONNX file`);
  }
  return other;
}

function otherOf(format: string, path: string, read: Import): OtherModel {
  try {
    const first = read({});
    const { spec } = first.network;
    const decisions = spec.loss === "binary-cross-entropy" && (spec.layers.at(-1)?.units ?? 1) > 1;
    // Probabilities of decisions that are taken apart stay values.
    const { network: net, classes } = decisions ? read({ loss: "mse" }) : first;
    return { net, format, labels: classes, table: tableOf(net, classes) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const found = /^from\w+: "([^"]*)" (.*)$/s.exec(error.message);
    const [, place, why] = found ?? ["", "", error.message];
    return badInput(`${printable(path)}: ${place === "model" || place === "bytes" ? "" : `${place}: `}${why}`);
  }
}

/**
 * A document of the layers format, or of the other one of TensorFlow.js, which is refused by name.
 */
function layersModelIn(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isObject(document)) return null;
    return "modelTopology" in document || document.format === "graph-model" ? document : null;
  } catch {
    return null;
  }
}

/** The files that the manifest names, beside the model. */
async function weightsOf(path: string, { weightsManifest }: Record<string, unknown>): Promise<Uint8Array[]> {
  const groups: unknown[] = Array.isArray(weightsManifest) ? weightsManifest : [];
  const names = groups.flatMap((group) => (isObject(group) && Array.isArray(group.paths) ? group.paths : []));
  return Promise.all(
    names.map((name) => {
      const file = join(dirname(path), String(name));
      const missing = (): never => badInput(`${printable(path)}: expected its weights in ${printable(file)}, got none`);
      return readFile(file).catch(missing);
    }),
  );
}

/** Whether the header of safetensors lacks what hessia writes into it. */
function holdsTensorsOfOthers(bytes: Buffer): boolean {
  if (bytes.length < 8) return false;
  const length = Number(bytes.readBigUInt64LE(0));
  if (length > bytes.length - 8) return false;
  try {
    const header: unknown = JSON.parse(bytes.toString("utf8", 8, 8 + length));
    if (!isObject(header)) return false;
    const { __metadata__: own } = header;
    return !(isObject(own) && own.format === "hessia");
  } catch {
    return false;
  }
}

/** Numbers that go in as they are; classes, or values as they come out. */
function tableOf(net: Network, labels: Imported["classes"]): ColumnsData {
  const { inputs, layers, loss } = net.spec;
  const outputs = layers[layers.length - 1].units;
  const decides = loss === "cross-entropy" || loss === "binary-cross-entropy";
  const classes = labels ?? Array.from({ length: Math.max(2, outputs) }, (_, k) => k);
  const numeric = classes.every((label) => typeof label === "number");
  const targets = decides
    ? [{ task: "classification", name: "prediction", classes: classes.map(String), numeric } as const]
    : Array.from({ length: outputs }, (_, j) => {
        const name = outputs === 1 ? "prediction" : `output ${j + 1}`;
        return { task: "regression", name, decimal: "point", unit: null } as const;
      });
  const plain = (count: number): ColumnsData["inputScale"] => ({
    mean: new Array<number>(count).fill(0),
    deviation: new Array<number>(count).fill(1),
  });
  return {
    version: 1,
    columns: Array.from({ length: inputs }, (_, place) => ({
      ...{ name: `x${place + 1}`, place, type: "number", why: "an input of the model", notes: [], missing: 0 },
      encoding: { kind: "number", decimal: "point", median: null, flag: false, unit: null, reach: null },
    })),
    targetPlaces: targets.map((_, j) => inputs + j),
    targets,
    targetNotes: [],
    named: false,
    width: inputs + targets.length,
    markers: [],
    inputScale: plain(inputs),
    targetScale: decides ? null : plain(outputs),
    threshold: 0.5,
  };
}
