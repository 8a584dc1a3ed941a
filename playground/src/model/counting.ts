/**
 * What the package says of layers and units, counted as the page counts them: from 1, and the last layer by its name. The
 * package counts from 0.
 */
export function countedFromOne(message: string, hiddenLayers: number): string {
  return message
    .replace(/\blayers? (\d+)(?: to (\d+))?/g, (_, first: string, last: string | undefined) =>
      last === undefined
        ? layerName(Number(first), hiddenLayers)
        : layerRange(Number(first), Number(last), hiddenLayers),
    )
    .replace(/\bunit (\d+)/g, (_, unit: string) => `unit ${Number(unit) + 1}`)
    .replace(
      /(incoming parameters: )([\d =;]+)/,
      (_, head: string, groups: string) => head + groups.replace(/\d+/g, next),
    );
}

function layerName(layer: number, hiddenLayers: number): string {
  return layer === hiddenLayers ? "the output layer" : `layer ${layer + 1}`;
}

function layerRange(first: number, last: number, hiddenLayers: number): string {
  return `layers ${first + 1} to ${last === hiddenLayers ? "the output" : last + 1}`;
}

function next(number: string): string {
  return String(Number(number) + 1);
}
