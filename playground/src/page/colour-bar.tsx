import { css, palette, sequentialStops } from "../draw/palette.ts";

/** Which colour stands for which value, from low to high. */
export function ColourBar({ low, high, kind }: { low: string; high: string; kind: "sequential" | "diverging" }) {
  const { negative, middle, positive } = palette.value;
  const stops =
    kind === "sequential" ? sequentialStops(palette.value) : [negative, middle, positive].map((at) => css(at));
  return (
    <div class="scale">
      <span>{low}</span>
      <span class="bar" style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }} aria-hidden="true" />
      <span>{high}</span>
    </div>
  );
}
