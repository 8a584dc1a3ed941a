// npm run bench [-- --quick] [-- --only product|step|hessian|factor|inference|threads]
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });
const families = ["product", "step", "hessian", "factor", "inference", "threads"];

console.log(`Node ${process.versions.node}, V8 ${process.versions.v8}, ${process.arch}`);
for (const family of values.only ? [values.only] : families) {
  const { run } = await import(`./${family}.mjs`);
  await run(values);
}
