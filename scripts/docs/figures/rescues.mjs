// Ways out of the dead zone: bars of docs/answers.md's experiment.
import { figure, rect, text } from "../figure.mjs";
import { rescues, SEEDS } from "../rescues.mjs";

export function draw() {
  const ends = rescues();
  const [left, row] = [290, 26];
  const bars = ends.map(({ name, alive }, i) => {
    const y = 40 + i * row;
    const full = 270;
    return [
      text(left - 10, y + 14, name.replaceAll("`", ""), "end"),
      rect(left, y, full, 18, "box"),
      alive > 0 ? rect(left, y, (full * alive) / SEEDS.length, 18, "greenf") : "",
      text(left + full + 10, y + 14, `${alive} of ${SEEDS.length}`, "soft"),
    ];
  });
  const said = ends.map(({ name, alive }) => `${name.replaceAll("`", "")}: ${alive} of ${SEEDS.length}`).join("; ");
  const height = 60 + ends.length * row;
  const title = text(left, 26, "layers that are alive in the end", "b");
  return { "rescues.svg": figure(640, height, "Ways out of the dead zone", `Bars. ${said}.`, title, bars) };
}
