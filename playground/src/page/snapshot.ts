import { palette } from "../draw/palette.ts";
import { contextOf } from "../draw/raster.ts";
import { short } from "../model/format.ts";
import { texts } from "../texts/index.ts";
import { frame, hessian } from "./store.ts";
import { sentenceOf } from "./verdict.tsx";

const WIDTH = 1200;
const HEIGHT = 630;
const SIDE = 400;
const TOP = 96;

/**
 * Network, plane and Hessian as they are on the page, with what is said of them: a picture to pass
 * on.
 */
export function snapshot(canvas = document.createElement("canvas")): HTMLCanvasElement {
  if (canvas.width !== WIDTH) canvas.width = WIDTH;
  if (canvas.height !== HEIGHT) canvas.height = HEIGHT;
  const context = contextOf(canvas);
  const { paper, ink } = palette.value;
  context.fillStyle = paper;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = ink;
  context.font = "bold 34px system-ui, sans-serif";
  context.fillText(texts.snapshot.title, 30, 58);
  ["network-canvas", "plane", "story-hessian"].forEach((id, index) => {
    const from = document.getElementById(id);
    if (from instanceof HTMLCanvasElement) fit(context, from, 20 + index * (SIDE - 8), TOP);
  });
  const now = frame.value;
  context.fillStyle = ink;
  context.font = "24px system-ui, sans-serif";
  if (now)
    context.fillText(texts.snapshot.numbers(now.step, short(now.trainLoss), short(now.testLoss)), 30, HEIGHT - 70);
  if (hessian.value) context.fillText(sentenceOf(hessian.value), 30, HEIGHT - 32);
  return canvas;
}

/** As large as fits a square. */
function fit(context: CanvasRenderingContext2D, from: HTMLCanvasElement, x: number, y: number): void {
  const side = SIDE - 28;
  const scale = Math.min(side / from.width, side / from.height);
  const [width, height] = [from.width * scale, from.height * scale];
  context.drawImage(from, x + (side - width) / 2, y + (side - height) / 2, width, height);
}

/** Gives it as a file. */
export function saveSnapshot(): void {
  snapshot().toBlob((blob) => {
    if (blob) saveAs(blob, "hessia-playground.png");
  });
}

/** Gives bytes as a file. */
export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
