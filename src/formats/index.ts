export { datasetFromSafetensors, datasetToSafetensors } from "./dataset.js";
export type { Saved, SaveOptions } from "./document.js";
export { type JavaScriptOptions, toJavaScript } from "./javascript.js";
export { fromJson, toJson } from "./json.js";
export { toNpy } from "./npy.js";
export { type OnnxOptions, toOnnx } from "./onnx.js";
export { Predictor, type PredictorOptions, type PredictorRow, predictor } from "./predictor.js";
export { fromSafetensors, toSafetensors } from "./safetensors.js";
