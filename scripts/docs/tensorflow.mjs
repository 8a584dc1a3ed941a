// TensorFlow.js on its cpu backend, with gradients: the package's entry for Node registers none,
// and its modules that do are not made for Node, so they are bundled first.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { root } from "./page.mjs";

export async function loadTensorflow() {
  const folder = mkdtempSync(join(tmpdir(), "tfjs-"));
  try {
    const contents = `
      export * from "@tensorflow/tfjs-core/dist/base.js";
      import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
      import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js";
      import "@tensorflow/tfjs-backend-cpu/dist/index.js";`;
    const outfile = join(folder, "tfjs.cjs");
    buildSync({
      stdin: { contents, resolveDir: root },
      mainFields: ["module", "main"],
      bundle: true,
      format: "cjs",
      platform: "node",
      outfile,
      logLevel: "error",
    });
    const tf = createRequire(import.meta.url)(outfile);
    tf.env().set("PROD", true); // else the backend advertises another one
    await tf.setBackend("cpu");
    return tf;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
