import { effect, signal } from "@preact/signals";

type Rgb = readonly [number, number, number];

export interface Palette {
  readonly dark: boolean;
  readonly negative: Rgb;
  readonly middle: Rgb;
  readonly positive: Rgb;
  readonly ink: string;
  readonly faint: string;
  readonly paper: string;
  readonly warning: string;
  /** 256 colours from −1 to 1, as little-endian pixels. */
  readonly diverging: Uint32Array;
  /** From low to high, for losses. */
  readonly sequential: Uint32Array;
}

/** Okabe and Ito's colours, told apart by every kind of colour vision; black and white left out. */
export const categories = [
  "#e69f00",
  "#0072b2",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#b8a800",
  "#7f7f7f",
] as const;

const light = paletteOf(false, [226, 112, 10], [248, 248, 246], [16, 104, 184], {
  ink: "#1d2733",
  faint: "#c3cad3",
  paper: "#ffffff",
  warning: "#b3261e",
});
const dark = paletteOf(true, [246, 152, 56], [30, 37, 47], [84, 168, 246], {
  ink: "#e6ebf2",
  faint: "#465264",
  paper: "#151b23",
  warning: "#ff9d94",
});

/** "auto" follows the system. */
export type Theme = "auto" | "light" | "dark";
export const theme = signal<Theme>(stored());
const system = signal(matchMedia("(prefers-color-scheme: dark)").matches);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => {
  system.value = matches;
});
export const palette = signal<Palette>(light);

effect(() => {
  const night = theme.value === "dark" || (theme.value === "auto" && system.value);
  palette.value = night ? dark : light;
  document.documentElement.dataset.theme = night ? "dark" : "light";
  try {
    localStorage.setItem("theme", theme.value);
  } catch {
    // A page without storage forgets it.
  }
});

function stored(): Theme {
  try {
    const value = localStorage.getItem("theme");
    return value === "light" || value === "dark" ? value : "auto";
  } catch {
    return "auto";
  }
}

function paletteOf(
  isDark: boolean,
  negative: Rgb,
  middle: Rgb,
  positive: Rgb,
  names: Pick<Palette, "ink" | "faint" | "paper" | "warning">,
): Palette {
  const diverging = new Uint32Array(256);
  const sequential = new Uint32Array(256);
  // Dark blue by green to pale yellow, lightness rising evenly.
  const stops: Rgb[] = isDark
    ? [
        [22, 30, 66],
        [28, 86, 118],
        [52, 142, 128],
        [148, 192, 112],
        [246, 232, 158],
      ]
    : [
        [38, 50, 110],
        [40, 104, 142],
        [64, 158, 142],
        [162, 206, 128],
        [252, 242, 178],
      ];
  for (let i = 0; i < 256; ++i) {
    const value = (i / 255) * 2 - 1;
    diverging[i] = pixel(mix(middle, value < 0 ? negative : positive, Math.abs(value)));
    const at = (i / 255) * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(at));
    sequential[i] = pixel(mix(stops[below], stops[below + 1], at - below));
  }
  return { dark: isDark, negative, middle, positive, diverging, sequential, ...names };
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => Math.round(from[i] + (to[i] - from[i]) * share)) as unknown as Rgb;
}

function pixel([r, g, b]: Rgb): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

export function css([r, g, b]: Rgb, alpha = 1): string {
  return `rgba(${r},${g},${b},${alpha})`;
}

export function rgbOf(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
}

/** The colour of a weight. */
export function signColour(value: number, { negative, positive }: Palette, alpha = 1): string {
  return css(value < 0 ? negative : positive, alpha);
}

/** Colours of classes: orange and blue for two, as the map has them. */
export function classColour(index: number, count: number, { negative, positive }: Palette): string {
  if (count <= 2) return css(index === 0 ? negative : positive);
  return categories[index % categories.length];
}

/** Some of the colours of losses, from low to high. */
export function sequentialStops({ sequential }: Palette): string[] {
  return [0, 64, 128, 192, 255].map((i) =>
    css([sequential[i] & 255, (sequential[i] >> 8) & 255, (sequential[i] >> 16) & 255]),
  );
}
