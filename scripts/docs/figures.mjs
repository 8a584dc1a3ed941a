// Draws docs/figures with the strict build; --check compares. Names behind it choose some of them.
import { init } from "hessia";
import { updateFigure } from "./figure.mjs";

await init({ simd: "strict" });

const names = [
  "activations",
  "hessian",
  "newton",
  "points",
  "spectrum",
  "stationary",
  "rescues",
  "choice",
  "inference",
  "performance",
];
const chosen = process.argv.slice(2).filter((name) => !name.startsWith("-"));
for (const name of names.filter((one) => chosen.length === 0 || chosen.includes(one))) {
  const { draw } = await import(`./figures/${name}.mjs`);
  for (const [file, svg] of Object.entries(await draw())) updateFigure(file, svg);
}
console.log("docs/figures: all figures agree");
