import { type Place, placeText } from "../model/place.ts";

/**
 * Says on a canvas what its picture is of. A canvas whose picture is of another network is emptied,
 * but for one that waits for the next picture, which is there in a moment.
 */
export function drawn(canvas: HTMLCanvasElement | null, place: Place | null | undefined, waits = false): void {
  if (!canvas) return;
  if (place) {
    canvas.dataset.shows = placeText(place);
    return;
  }
  delete canvas.dataset.shows;
  if (waits) return;
  const context = canvas.getContext("2d");
  context?.save();
  context?.setTransform(1, 0, 0, 1, 0, 0);
  context?.clearRect(0, 0, canvas.width, canvas.height);
  context?.restore();
}
