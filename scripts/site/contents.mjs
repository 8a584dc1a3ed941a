// What the site holds, in the order in which it shows it.

/**
 * Pages by where they belong; those of docs/ that are not listed come at the end of the studies.
 */
export const pages = {
  Guides: [
    "docs/getting-started.md",
    "docs/answers.md",
    "docs/five-minutes.md",
    "docs/tables.md",
    "docs/training.md",
    "docs/choosing-an-optimizer.md",
    "docs/diagnostics.md",
    "docs/curvature.md",
    "docs/uncertainty.md",
    "docs/curve-fitting.md",
    "docs/statuses.md",
    "docs/command-line.md",
    "docs/threads.md",
    "docs/many-machines.md",
    "docs/recipes.md",
    "docs/files.md",
    "docs/install.md",
    "docs/performance.md",
    "docs/moving.md",
    "docs/glossary.md",
    "docs/playground.md",
    "docs/lessons.md",
  ],
  Studies: ["docs/relu-and-second-order.md", "docs/relu-at-zero.md"],
  Project: [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "playground/README.md",
    "bench/README.md",
    "bench/peers/README.md",
    "data/README.md",
  ],
};

/** Where an address in the navigation would say too little. */
export const titles = {
  "bench/README.md": "Benchmarks",
  "bench/peers/README.md": "Peers",
  "data/README.md": "Data sets",
  "playground/README.md": "The playground's code",
};

export const modules = {
  index: "hessia",
  formats: "hessia/formats",
  jobs: "hessia/jobs",
  tables: "hessia/tables",
  node: "hessia/node",
};

/** Topics of the library's names, by the folder or file that declares them: the first that fits. */
export const topics = [
  [
    "Networks and data",
    /^src\/(?:network\/(?:network|dataset|initializer|score|scores|curves|spec)|linalg\/matrix|wasm\/|train\/split)/,
  ],
  ["Training", /^src\/train\//],
  ["Pools and clusters", /^src\/jobs\/(?:pool|threads|cluster|operator|resumable|limits|lane|tasks|.*-task)/],
  ["Cross-validation and search", /^src\/jobs\//],
  ["Tables", /^src\/tables\//],
  ["Optimizers", /^src\/optimize\//],
  ["Curvature", /^src\/(?:network|linalg)\//],
  ["Inference", /^src\/infer\//],
  ["Diagnostics", /^src\/diagnose\//],
  ["Files", /^src\/(?:formats|node)\//],
];
