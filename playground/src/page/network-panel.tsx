import { featureNames, features } from "../data/features.ts";
import { plural } from "../model/format.ts";
import { type FeatureName, MOST_LAYERS } from "../model/settings.ts";
import { texts } from "../texts/index.ts";
import { activations } from "./activation-choices.ts";
import { DeadNotes } from "./dead-notes.tsx";
import { Drawing } from "./network-drawing.tsx";
import { Fold, Select } from "./parts.tsx";
import { StartFields } from "./start-fields.tsx";
import { own, scenery, set, settings } from "./store.ts";

export function NetworkPanel() {
  const { layers } = settings.value;
  const scene = scenery.value;
  return (
    <section class="panel network" aria-labelledby="network-title">
      <header>
        <h2 id="network-title">{texts.panels.networkPanel.network}</h2>
        <div class="pair" role="group" aria-label={texts.panels.networkPanel.hiddenLayers}>
          <button
            type="button"
            aria-label={texts.panels.networkPanel.removeTheLastHidden}
            disabled={layers.length === 0}
            onClick={() => set({ layers: layers.slice(0, -1) })}
          >
            −
          </button>
          <span id="layer-count">{plural(layers.length, "hidden layer")}</span>
          <button
            type="button"
            aria-label={texts.panels.networkPanel.addAHiddenLayer}
            disabled={layers.length >= MOST_LAYERS}
            onClick={() =>
              set({ layers: [...layers, layers.at(-1) ?? { units: 4, activation: "relu", batchNorm: false }] })
            }
          >
            +
          </button>
        </div>
        <AllActivations />
      </header>
      <Features />
      {scene && <Drawing scene={scene} />}
      <p class="faint network-legend">{texts.legend.weights}</p>
      <DeadNotes />
      <Fold title={texts.story.start}>
        <StartFields />
      </Fold>
    </section>
  );
}

function AllActivations() {
  const { layers } = settings.value;
  const kinds = [...new Set(layers.map(({ activation }) => activation))];
  const choices =
    kinds.length > 1
      ? [{ value: "mixed" as const, label: texts.panels.networkPanel.mixed }, ...activations]
      : activations;
  return (
    <Select
      label={texts.panels.networkPanel.activation}
      name="activation"
      value={kinds.length === 1 ? kinds[0] : kinds.length > 1 ? "mixed" : "relu"}
      choices={choices}
      onChange={(activation) => {
        if (activation !== "mixed") set({ layers: layers.map((layer) => ({ ...layer, activation })) });
      }}
    />
  );
}

function Features() {
  const now = settings.value;
  const wide = now.data === "own" && (own.value?.inputNames.length ?? 0) > 2;
  if (wide)
    return (
      <p class="faint">
        {texts.panels.networkPanel.all} {own.value?.inputNames.length} {texts.panels.networkPanel.columnsAreInputsThe}
      </p>
    );
  const toggle = (name: FeatureName, on: boolean): void => {
    const next = featureNames.filter((other) => (other === name ? on : now.features.includes(other)));
    if (next.length > 0) set({ features: next });
  };
  return (
    <fieldset class="features">
      <legend>{texts.panels.networkPanel.inputs}</legend>
      {featureNames.map((name) => {
        const on = now.features.includes(name);
        return (
          <label key={name} class="chip">
            <input
              type="checkbox"
              name={`feature-${name}`}
              aria-label={features[name].spoken}
              checked={on}
              disabled={on && now.features.length === 1}
              onChange={(event) => toggle(name, event.currentTarget.checked)}
            />
            <span aria-hidden="true">{features[name].label}</span>
          </label>
        );
      })}
    </fieldset>
  );
}
