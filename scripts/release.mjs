// `npm run release -- 1.2.3`: everything up to publishing, which a person does. With --dry-run nothing is changed.
//
// It checks the working tree, the changelog and the addresses that provenance needs; writes the version; builds, checks and packs; and looks into the tarball.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const UNRELEASED = /^## (\S+) \(unreleased\)$/m;

/** What stands against a release, in words; nothing where it may go on. */
export function obstacles({ version, manifest, changelog, tree }) {
  const [, next] = UNRELEASED.exec(changelog) ?? [];
  return [
    ...(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version ?? "") ? [] : [`expected a version such as 1.2.3, got ${version}`]),
    ...(tree.trim() === "" ? [] : [`the working tree has changes:\n${tree.trimEnd()}`]),
    ...(next === version
      ? []
      : [`CHANGELOG.md: expected "## ${version} (unreleased)", found ${next ?? "no such heading"}`]),
    ...(manifest.homepage ? [] : ['package.json has no "homepage", the one place for the address of the site']),
    ...(manifest.repository ? [] : ['package.json has no "repository", which provenance has to name']),
    ...(manifest.scripts.prepare || manifest.scripts.postinstall ? ["package.json runs a script on installation"] : []),
  ];
}

/** What is wrong with the files of a tarball. */
export function faultsOf(files) {
  const needed = ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "dist/index.js", "dist/index.d.ts"];
  const also = [
    "dist/cli/main.js",
    "dist/cjs/all.cjs",
    "dist/THIRD-PARTY-LICENSES.txt",
    "docs/answers.md",
    "data/iris.csv",
  ];
  const unwanted = files.filter((file) => /^(?:src|test|assembly|bench|node_modules|build)\/|\.map$|\.env/.test(file));
  return [
    ...[...needed, ...also].filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...unwanted.map((file) => `${file} does not belong in it`),
  ];
}

function main(args) {
  const dry = args.includes("--dry-run");
  const version = args.find((arg) => !arg.startsWith("-"));
  const read = (file) => readFileSync(file, "utf8");
  const tree = execFileSync("git", ["status", "--porcelain"], { encoding: "utf8" });
  const found = obstacles({
    version,
    manifest: JSON.parse(read("package.json")),
    changelog: read("CHANGELOG.md"),
    tree,
  });
  if (found.length) {
    console.error(`Not ready:\n${found.map((line) => `- ${line}`).join("\n")}`);
    process.exitCode = 1;
    if (!dry) return;
  }
  if (!dry) {
    npm("version", version, "--no-git-tag-version", "--allow-same-version");
    const today = new Date().toISOString().slice(0, 10);
    writeFileSync("CHANGELOG.md", read("CHANGELOG.md").replace(UNRELEASED, `## ${version} (${today})`));
    npm("test");
    npm("run", "check");
    npm("run", "deploy");
  }
  npm("run", "build");
  mkdirSync("build/release", { recursive: true });
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", "build/release"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ filename, files, size, unpackedSize }] = JSON.parse(packed);
  const faults = faultsOf(files.map(({ path }) => path));
  console.log(`build/release/${filename}: ${files.length} files, ${size} bytes packed, ${unpackedSize} unpacked`);
  if (faults.length || !existsSync(`build/release/${filename}`)) {
    console.error(faults.map((line) => `- ${line}`).join("\n"));
    process.exitCode = 1;
    return;
  }
  console.log(`
Nothing has been published. What is left:
  git commit --all --message "Version ${version}" && git tag v${version} && git push --follow-tags
  npm publish build/release/${filename} --provenance --access public   (in a workflow that may ask for an identity)
  upload deploy/`);
}

function npm(...args) {
  execFileSync("npm", args, { stdio: "inherit" });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));
