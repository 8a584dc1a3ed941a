import { signal } from "@preact/signals";
import { saveAs, snapshot } from "./snapshot.ts";
import { pause, play, playing } from "./store.ts";

/** Pictures a second. */
const RATE = 30;
/** Length of a clip, in milliseconds. */
export const LENGTH = 6000;

/** Ends the clip that is being recorded; null where none is. */
export const endClip = signal<(() => void) | null>(null);

const kinds = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];

/** What this browser can record; null where it can save pictures alone. */
export function clipKind(): string | null {
  if (typeof MediaRecorder === "undefined" || !("captureStream" in HTMLCanvasElement.prototype)) return null;
  return kinds.find((kind) => MediaRecorder.isTypeSupported(kind)) ?? null;
}

/** Records the training of the next seconds as the picture to pass on shows it, and saves it. */
export function recordClip(): void {
  const kind = clipKind();
  if (!kind || endClip.peek()) return;
  const canvas = snapshot();
  const recorder = new MediaRecorder(canvas.captureStream(RATE), { mimeType: kind });
  const pieces: Blob[] = [];
  const began = performance.now();
  const paused = !playing.peek();
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  recorder.onstop = () => {
    endClip.value = null;
    if (paused && playing.peek()) pause();
    const type = kind.split(";")[0];
    saveAs(new Blob(pieces, { type }), `hessia-playground.${type.split("/")[1]}`);
  };
  const draw = (): void => {
    if (recorder.state === "inactive") return;
    snapshot(canvas);
    if (performance.now() - began >= LENGTH) recorder.stop();
    else requestAnimationFrame(draw);
  };
  endClip.value = () => recorder.stop();
  recorder.start();
  if (paused) play();
  draw();
}
