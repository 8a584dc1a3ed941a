import { madd, loadSplat, sumLanes } from "./inline/lanes";
export function t(p: usize): void { v128.store(p, madd<f32>(loadSplat<f32>(p+8), v128.load(p,16), v128.load(p,32))); store<f32>(p, sumLanes<f32>(v128.load(p))); }
