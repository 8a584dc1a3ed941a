import { type Place, placeText } from "../model/place.ts";

/** Says on a canvas what its picture is of; a canvas whose picture is of another network is emptied. */
export function drawn(canvas: HTMLCanvasElement | null, place: Place | null | undefined): void {
  if (!canvas) return;
  if (place) {
    canvas.dataset.shows = placeText(place);
    return;
  }
  delete canvas.dataset.shows;
  const context = canvas.getContext("2d");
  context?.save();
  context?.setTransform(1, 0, 0, 1, 0, 0);
  context?.clearRect(0, 0, canvas.width, canvas.height);
  context?.restore();
}
