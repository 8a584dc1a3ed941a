// Takes the figures of docs/performance.md from bench/README.md, where they are written down, and puts them there; --check compares.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, table, updatePage } from "./page.mjs";

const text = readFileSync(join(root, "bench/README.md"), "utf8");

/** What stands under a heading, which begins as given; "" for what stands before the first. */
function section(heading) {
  const parts = text.split(/^## /m);
  const found = heading === "" ? parts[0] : parts.slice(1).find((part) => part.startsWith(heading));
  if (found === undefined) throw new Error(`bench/README.md has no section "${heading}"`);
  return found.slice(found.indexOf("\n") + 1);
}

/** A paragraph of a section, by how it begins, without line breaks. */
function paragraph(heading, beginning) {
  const found = section(heading)
    .split(/\n{2,}/)
    .find((part) => part.trim().startsWith(beginning));
  if (!found) throw new Error(`bench/README.md, ${heading}: no paragraph "${beginning} …"`);
  return found.trim().replaceAll("\n", " ");
}

/** The cells of a section's table, its head first. */
function cells(heading) {
  return section(heading)
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^[|: -]+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(" | ")
        .map((cell) => cell.replace(/^\||\|$/g, "").trim()),
    );
}

function copied(heading, head) {
  const [own, ...rows] = cells(heading);
  return table(head ?? own, rows);
}

/** What an expression finds in a section. */
function stated(heading, expression) {
  const found = expression.exec(section(heading).replaceAll("\n", " "));
  if (!found) throw new Error(`bench/README.md, ${heading}: nothing like ${expression}`);
  return found[1];
}

const HESSIANS = "Dense Hessians";
const AGAIN = "Hessians in memory used before";

/** A table whose cells tell of both builds, as one with a column for each. */
function byBuild(heading) {
  const rows = cells(heading)
    .slice(1)
    .map(([network, ...types]) => [network, ...types.flatMap(parted)]);
  return table(["network", "f64, strict", "f64, relaxed", "f32, strict", "f32, relaxed"], rows);
}

function parted(cell) {
  const at = cell.lastIndexOf(" / ");
  // Bold runs over both where both fall short.
  const bold = cell.startsWith("**") && cell.endsWith("**");
  const parts = [cell.slice(0, at), cell.slice(at + 3)];
  return bold ? parts.map((part) => `**${part.replaceAll("**", "")}**`) : parts;
}

const PRODUCTS = "Matrix products";
const FACTORS = "Factorizations";
const PEERS = "Peers";

updatePage("performance.md", {
  method: `${paragraph("", "**Method.**").replace("**Method.** ", "")}\n`,
  machine: `${paragraph("", "**Machine of the figures.**").replace("**Machine of the figures.** ", "")}\n`,
  hessians: byBuild(HESSIANS),
  "hessians-again": byBuild(AGAIN),
  "hessians-again-short": `${paragraph(AGAIN, "All reach")}\n`,
  "hessians-asked": stated(HESSIANS, /Asked: (≥ .*?)\. /),
  "hessians-short": `${paragraph(HESSIANS, "The aim of").replace(/ What else was tried:.*/, "")}\n`,
  hvp: stated(HESSIANS, /`hvp` (\S+ to \S+) \(/),
  ggnvp: stated(HESSIANS, /`ggnvp` (\S+ to \S+) \(/),
  predicted: stated(HESSIANS, /`hessianCost` had predicted: (.*? times)/),
  memory: stated(HESSIANS, /hessian-memory\.test\.ts\): (.*?)\. /),
  steps: copied("Training steps", ["network", "asked", "reached"]),
  products: copied(PRODUCTS),
  "products-asked": stated(PRODUCTS, /Asked: (≥ .*?)\. /),
  "products-short": `${paragraph(PRODUCTS, "Short of").replace(/ Node 20's compiler.*/, "")}\n`,
  skinny: stated(PRODUCTS, /Skinny shapes \(.*?\) reach (\S+ to \S+);/),
  factors: copied(FACTORS, ["", ...cells(FACTORS)[0].slice(1)]),
  "factors-short": `${stated(FACTORS, /(Under Node 24 ml-matrix .*? 10 and 20)/)}.\n`,
  peers: copied(PEERS, ["time over the strict build's", "at least, of all sizes"]),
  "peers-short": `${paragraph(PEERS, "Not ahead")}\n`,
  "least-squares": copied("Least squares"),
  "least-squares-short": `${paragraph("Least squares", "Some 27 steps").replace(/ Tried and kept:.*/, "")}\n`,
  diagnosis: copied("Diagnosis"),
  playground: copied("The playground"),
  size: stated("Size", /(\S+ kB) with them/),
  "size-relaxed": stated("Size", /a chunk of its own, (\S+ kB)/),
});
