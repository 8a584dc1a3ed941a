// `npm run` puts the pinned Node first on the path; where its package has no build for the
// platform, the caller's own runs.
const needed = 24;
const current = Number(process.versions.node.split(".")[0]);
if (current < needed) {
  console.error(`bench/peers needs Node ${needed} or later, got ${process.version}; start it with \`npm run bench\``);
  process.exit(1);
}
await import("./run.ts");
