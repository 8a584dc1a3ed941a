import { categories, type Palette, rgbOf } from "./palette.ts";

/** A canvas of the raster's own size, to be stretched by whoever draws it. */
export class Raster {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;

  constructor(
    readonly width: number,
    readonly height = width,
  ) {
    this.canvas = document.createElement("canvas");
    this.canvas.width = width;
    this.canvas.height = height;
    this.#context = contextOf(this.canvas);
    this.#image = this.#context.createImageData(width, height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  /** Values in [−1, 1] in the diverging colours. */
  diverging(
    values: ArrayLike<number>,
    palette: Palette,
    look: { readonly discretize?: boolean; readonly strength?: number } = {},
  ): this {
    const { diverging } = palette;
    const { discretize = false, strength = 1 } = look;
    for (let i = 0; i < this.#pixels.length; ++i) {
      const value = strength * (discretize ? Math.sign(values[i]) : Math.max(-1, Math.min(1, values[i])));
      this.#pixels[i] = diverging[Math.round((value + 1) * 127.5)];
    }
    return this.#put();
  }

  /** Values in [0, 1] in the sequential colours. */
  sequential(values: ArrayLike<number>, palette: Palette): this {
    const { sequential } = palette;
    for (let i = 0; i < this.#pixels.length; ++i) {
      this.#pixels[i] = sequential[Math.max(0, Math.min(255, Math.round(values[i] * 255)))];
    }
    return this.#put();
  }

  /** `class + probability`: the class's colour, paler where it is less probable. */
  classes(values: ArrayLike<number>, count: number, palette: Palette, discretize = false): this {
    const colours = categories.map(rgbOf);
    const [mr, mg, mb] = palette.middle;
    for (let i = 0; i < this.#pixels.length; ++i) {
      const index = Math.floor(values[i]);
      const [r, g, b] = colours[index % colours.length];
      const sure = (values[i] - index - 1 / count) / (1 - 1 / count);
      const share = discretize ? 0.75 : 0.15 + 0.7 * Math.max(0, sure);
      this.#pixels[i] = pack(mr + (r - mr) * share, mg + (g - mg) * share, mb + (b - mb) * share);
    }
    return this.#put();
  }

  /** `class + probability` of one class: nothing where it is out of the question. */
  probability(values: ArrayLike<number>, palette: Palette): this {
    const [mr, mg, mb] = palette.middle;
    for (let i = 0; i < this.#pixels.length; ++i) {
      const index = Math.floor(values[i]);
      const [r, g, b] = rgbOf(categories[index % categories.length]);
      const share = values[i] - index;
      this.#pixels[i] = pack(mr + (r - mr) * share, mg + (g - mg) * share, mb + (b - mb) * share);
    }
    return this.#put();
  }

  /** Numbers of regions, in as many soft colours as there are. */
  regions(numbers: ArrayLike<number>, palette: Palette): this {
    const colours = new Map<number, number>();
    for (let i = 0; i < this.#pixels.length; ++i) {
      const number = numbers[i];
      let colour = colours.get(number);
      if (colour === undefined) {
        colour = softColour(number, palette.dark);
        colours.set(number, colour);
      }
      this.#pixels[i] = colour;
    }
    return this.#put();
  }

  #put(): this {
    this.#context.putImageData(this.#image, 0, 0);
    return this;
  }
}

function pack(r: number, g: number, b: number): number {
  return ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
}

/** Hues by the golden angle, so that neighbours in number differ. */
function softColour(number: number, dark: boolean): number {
  const hue = (number * 137.508) % 360;
  const lightness = dark ? 0.26 + 0.05 * (number % 3) : 0.86 - 0.05 * (number % 3);
  const chroma = (1 - Math.abs(2 * lightness - 1)) * (dark ? 0.34 : 0.45);
  const part = (shift: number): number => {
    const k = (shift + hue / 30) % 12;
    return 255 * (lightness - (chroma / 2) * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return pack(part(0), part(8), part(4));
}

export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser draws no canvas.");
  return context;
}

/**
 * Makes a canvas as many pixels as the screen has where it lies, and gives its context in CSS
 * pixels.
 */
export function prepared(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
