// `npm run deploy`: the site in deploy/, ready for any server of static files. What serves headers finds the site's policy in _headers.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

execFileSync(process.execPath, ["scripts/site/build.mjs", "deploy"], { stdio: "inherit" });
const { version, homepage } = JSON.parse(readFileSync("package.json", "utf8"));
const policy = [
  "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:; connect-src 'self' data:; frame-src 'self'; worker-src 'self'",
].join("; ");
writeFileSync("deploy/_headers", `/*\n  Content-Security-Policy: ${policy}\n`);
writeFileSync("deploy/version.txt", `${version}\n`);
// The one place for the site's address is package.json's "homepage".
if (homepage) writeFileSync("deploy/CNAME", `${new URL(homepage).hostname}\n`);
console.log("deploy/ is ready: upload all of it, files with a leading dot or underscore included.");
