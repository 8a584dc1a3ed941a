import { image, ruleX, ruleY, text } from "@observablehq/plot";
import { encode } from "fast-png";
import type { Network } from "../../../index.js";
import { short } from "../../output/format.js";
import type { MatrixPicture } from "../../study/picture.js";
import { draw, type Figure, WIDTH } from "../figure.js";

/** Entries so many orders of magnitude below the largest are transparent. */
const DECADES = 4;
/** As in the style: what is negative, and what is positive. */
const NEGATIVE = [0x2b, 0x7b, 0xba] as const;
const POSITIVE = [0xd9, 0x6a, 0x0b] as const;
/** Steps of the opacity; few, so that the image stays small. */
const STEPS = 24;

/** A matrix as a picture, with the blocks of the layers marked. */
export function matrixFigure(
  net: Network,
  picture: MatrixPicture,
  { id, title, rows }: { id: string; title: string; rows: string },
): Figure {
  const { size, greatest, method } = picture;
  const margin = 36;
  const side = WIDTH - margin - 8;
  const bounds = layerBounds(net);
  const labels = bounds.map(({ from, to }, l) => ({
    at: (from + to) / 2,
    name: `W${l + 1}`,
    share: (to - from) / size,
  }));
  const named = labels.filter(({ share }) => share > 0.035);
  const inner = bounds.slice(1).map(({ from }) => from);
  const alt = `${title}, ${size} × ${size}, as a picture; entries of size up to ${short(greatest)}; blocks of ${bounds.length} layers.`;
  const body = draw(alt, {
    width: WIDTH,
    height: WIDTH,
    marginLeft: margin,
    marginTop: margin,
    marginRight: 8,
    marginBottom: 8,
    x: { axis: null, domain: [0, size] },
    y: { axis: null, domain: [size, 0] },
    marks: [
      image([0], {
        x: size / 2,
        y: size / 2,
        src: () => pngOf(picture),
        width: side,
        height: side,
        preserveAspectRatio: "none",
        imageRendering: "pixelated",
      }),
      ruleX([0, ...inner, size], { strokeOpacity: 0.55 }),
      ruleY([0, ...inner, size], { strokeOpacity: 0.55 }),
      text(named, { x: "at", y: 0, text: "name", dy: -10 }),
      text(named, { y: "at", x: 0, text: "name", dx: -8, textAnchor: "end" }),
    ],
  });
  const unnamed = named.length < labels.length ? " Narrow blocks are not named." : "";
  return {
    id,
    title,
    caption: `W1, W2, … are the layers' parameters (weights, biases, batch norm), rows and columns alike. ${method} Over ${rows}. Blue: negative, orange: positive; strength by the logarithm over ${DECADES} orders of magnitude, below which nothing is drawn.${unnamed}`,
    alt,
    body,
    scale: {
      from: `−${short(greatest)}`,
      middle: `±${(greatest * 10 ** -DECADES).toExponential(0)} and less`,
      to: short(greatest),
    },
  };
}

function layerBounds(net: Network): { from: number; to: number }[] {
  let at = 0;
  let inputs = net.spec.inputs;
  return net.spec.layers.map(({ units, batchNorm }) => {
    const from = at;
    at += units * (inputs + 1) + (batchNorm ? 2 * units : 0);
    inputs = units;
    return { from, to: at };
  });
}

/**
 * The picture as data for an image; transparent where there is little, so that it suits any
 * background.
 */
function pngOf({ pixels, values, greatest }: MatrixPicture): string {
  const data = new Uint8Array(4 * pixels * pixels);
  for (let k = 0; k < values.length; ++k) {
    const strength = values[k] === 0 ? 0 : 1 + Math.log10(Math.abs(values[k]) / greatest) / DECADES;
    const opacity = Math.ceil(Math.max(0, strength) * STEPS) / STEPS;
    if (!(opacity > 0)) continue;
    data.set(values[k] < 0 ? NEGATIVE : POSITIVE, 4 * k);
    data[4 * k + 3] = Math.round(255 * opacity);
  }
  const png = encode({ width: pixels, height: pixels, data, channels: 4, depth: 8 }, { zlib: { level: 9 } });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}
