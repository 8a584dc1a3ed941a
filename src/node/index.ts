export { type FileData, writeFileAtomically } from "./atomic.js";
export { loadNetwork, saveNetwork, saveNpy, saveOnnx } from "./files.js";
