/**
 * Traces the line where a raster of values crosses a level, by marching squares: a list of segments
 * x₀ y₀ x₁ y₁ in units of the raster, in which value (row, column) lies at (column + ½, row + ½).
 */
export function contour(values: ArrayLike<number>, size: number, level = 0): Float32Array {
  const segments: number[] = [];
  for (let row = 0; row + 1 < size; ++row) {
    for (let column = 0; column + 1 < size; ++column) {
      const at = row * size + column;
      const a = values[at] - level;
      const b = values[at + 1] - level;
      const c = values[at + size + 1] - level;
      const d = values[at + size] - level;
      const code = (a > 0 ? 8 : 0) | (b > 0 ? 4 : 0) | (c > 0 ? 2 : 0) | (d > 0 ? 1 : 0);
      if (code === 0 || code === 15) continue;
      const x = column + 0.5;
      const y = row + 0.5;
      const top = [x + a / (a - b), y];
      const right = [x + 1, y + b / (b - c)];
      const bottom = [x + d / (d - c), y + 1];
      const left = [x, y + a / (a - d)];
      for (const [from, to] of pairs(code, top, right, bottom, left)) segments.push(from[0], from[1], to[0], to[1]);
    }
  }
  return Float32Array.from(segments);
}

type Place = number[];

function pairs(code: number, top: Place, right: Place, bottom: Place, left: Place): [Place, Place][] {
  switch (code) {
    case 1:
    case 14:
      return [[left, bottom]];
    case 2:
    case 13:
      return [[bottom, right]];
    case 3:
    case 12:
      return [[left, right]];
    case 4:
    case 11:
      return [[top, right]];
    case 6:
    case 9:
      return [[top, bottom]];
    case 7:
    case 8:
      return [[left, top]];
    case 5:
      return [
        [left, top],
        [bottom, right],
      ];
    default:
      return [
        [left, bottom],
        [top, right],
      ];
  }
}
