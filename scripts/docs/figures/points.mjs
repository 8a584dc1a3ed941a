// Kinds of stationary points as surfaces.
import { dot, figure, path, text } from "../figure.mjs";

const [LINES, FINE] = [9, 24];

export function draw() {
  const surfaces = [
    ["minimum", "both eigenvalues positive", (x, y) => 0.42 * (x * x + y * y) - 0.1, "blue"],
    ["saddle", "one positive, one negative", (x, y) => 0.55 * (x * x - y * y), "orange"],
    ["degenerate", "one is 0: higher terms decide", (x, y) => 0.55 * (x * x + y * y * y), "purple"],
    ["plateau", "all are 0, and so is the gradient", (x, y) => Math.max(0, x + y - 0.9) * 0.8, "green"],
  ];
  const drawn = surfaces.map(([name, note, f, colour], k) => {
    const [cx, cy] = [160 + (k % 2) * 320, 130 + Math.floor(k / 2) * 230];
    // Seen from above and aside.
    const at = (x, y) => [cx + 88 * (x - y) * 0.86, cy + 88 * (0.42 * (x + y) - 0.72 * f(x, y)) + 16];
    const along = (i, n) => -1 + (2 * i) / n;
    const lines = Array.from({ length: LINES }, (_, i) => {
      const v = along(i, LINES - 1);
      const fine = Array.from({ length: FINE + 1 }, (_, j) => along(j, FINE));
      const thin = 'style="stroke-width:1.2"';
      return [
        path(
          fine.map((u) => at(u, v)),
          `${colour}s`,
          thin,
        ),
        path(
          fine.map((u) => at(v, u)),
          `${colour}s`,
          thin,
        ),
      ];
    });
    return [
      lines,
      dot(...at(0, 0), "inkf", 4.5),
      text(cx, cy + 108, name, "b mid"),
      text(cx, cy + 126, note, "soft mid"),
    ];
  });
  const alt =
    "Four surfaces with a dot at a point of zero gradient. At a minimum the surface rises in all directions. At a saddle it rises in one and falls in " +
    "the other. At a degenerate point it is flat to second order along one direction and falls on one side. On a plateau it is flat all round.";
  return { "points.svg": figure(640, 500, "Minimum, saddle, degenerate point and plateau", alt, drawn) };
}
