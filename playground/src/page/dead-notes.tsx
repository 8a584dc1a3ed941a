import { useComputed } from "@preact/signals";
import { plural } from "../model/format.ts";
import { texts } from "../texts/index.ts";
import { change, frame, say, settings } from "./store.ts";

/**
 * A line for each layer with dead units, right below the drawing: what is the matter, and what can
 * be done at once.
 */
export function DeadNotes() {
  // A string, so that pictures with the same units dead draw nothing here.
  const dead = useComputed(() => JSON.stringify(frame.value?.dead ?? []));
  const { layers } = settings.value;
  const notes = (JSON.parse(dead.value) as number[][])
    .map((units, layer) => ({ layer, count: units.length }))
    .filter(({ layer, count }) => count > 0 && layers[layer]);
  if (notes.length === 0) return null;
  return (
    <ul class="dead-notes" aria-label={texts.panels.deadNotes.deadUnits}>
      {notes.map(({ layer, count }) => (
        <li key={layer} data-dead-note={layer} class={count === layers[layer].units ? "all" : ""}>
          <span>{sentence(layer, count, layers[layer].units)}</span>
          <span class="row">
            <Rescue layer={layer} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function sentence(layer: number, count: number, units: number): string {
  if (count < units) return `Layer ${layer + 1}: ${plural(count, "unit")} of ${units} dead. No sample reaches them.`;
  return `Layer ${layer + 1} is dead: no sample reaches any unit, and nothing below it learns.`;
}

function Rescue({ layer }: { layer: number }) {
  const { activation, batchNorm } = settings.value.layers[layer];
  const name = `layer ${layer + 1}`;
  return (
    <>
      <button type="button" aria-label={`Revive: dead units of ${name} and others`} onClick={() => revive()}>
        {texts.panels.deadNotes.revive}
      </button>
      {activation === "relu" && (
        <button type="button" aria-label={`Make leaky: ${name}`} onClick={() => makeLeaky(layer)}>
          {texts.panels.deadNotes.makeLeaky}
        </button>
      )}
      {!batchNorm && (
        <button type="button" aria-label={`Add batch norm: ${name}`} onClick={() => addBatchNorm(layer)}>
          {texts.panels.deadNotes.addBatchNorm}
        </button>
      )}
    </>
  );
}

export function revive(): void {
  change({ kind: "revive" });
  say(texts.panels.deadNotes.deadUnitsWereStarted);
}

export function makeLeaky(layer: number): void {
  change({ kind: "activation", layer, activation: "leaky-relu" });
  say(`Layer ${layer + 1} is leaky now.`);
}

export function addBatchNorm(layer: number): void {
  change({ kind: "batch-norm", layer });
  say(`Layer ${layer + 1} has batch norm now.`);
}
