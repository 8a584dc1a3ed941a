export { init, type Build, type InitOptions } from "./wasm/load.js";
export { matrix, multiply, type Matrix, type MultiplyOptions } from "./linalg/matrix.js";
export { dataset, type Dataset } from "./network/dataset.js";
export { network, type Network, type Evaluation, type PassOptions } from "./network/network.js";
