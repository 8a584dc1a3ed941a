export { writeFileAtomically } from "./atomic.js";
export { loadNetwork, saveNetwork, saveNpy, saveOnnx } from "./files.js";
