import * as ort from "onnxruntime-web/wasm";
import type { Peer, Product } from "../peer.ts";
import { productModel, shapesOf } from "./onnx-model.ts";

ort.env.wasm.numThreads = 1;

/**
 * The runtime copies its operands in and its result out at each run; it has no other way on the
 * processor.
 */
async function product(product: Product) {
  const session = await ort.InferenceSession.create(productModel(product), { executionProviders: ["wasm"] });
  Reflect.deleteProperty(globalThis, "Worker"); // set by the runtime, not needed for one thread, and a sign to jax-js to start workers
  const shapes = shapesOf(product);
  const type = product.dtype === "f32" ? "float32" : "float64";
  const feeds = {
    a: new ort.Tensor(type, product.a as Float32Array, shapes.a),
    b: new ort.Tensor(type, product.b as Float32Array, shapes.b),
  };
  return {
    call: async () => (await session.run(feeds)).c!.data,
    asynchronous: true,
    dispose: () => session.release(),
  };
}

export async function open(): Promise<Peer> {
  return {
    name: "onnxruntime",
    version: ort.env.versions.web ?? ort.env.versions.common,
    dtypes: ["f32", "f64"],
    product,
    read: (result) => result as ArrayLike<number>,
  };
}
