import { initializerNames, MOST_SEED } from "../model/settings.ts";
import { texts } from "../texts/index.ts";
import { NumberField, RateField, Select } from "./parts.tsx";
import { set, settings } from "./store.ts";

/** What training starts from. */
export function StartFields() {
  const now = settings.value;
  const relu = now.layers.some(({ activation }) => activation === "relu");
  const leaky = now.layers.some(({ activation }) => activation === "leaky-relu");
  return (
    <div class="fields start">
      <Select
        label={texts.panels.startFields.weightsStart}
        name="initializer"
        value={now.initializer}
        choices={initializerNames.map((value) => ({
          value,
          label: value.replace("-", " ").replace("he", "He").replace("glorot", "Glorot"),
        }))}
        onChange={(initializer) => set({ initializer })}
      />
      <NumberField
        label={texts.panels.startFields.hiddenBiasesStart}
        name="bias"
        value={now.bias}
        onChange={(bias) => set({ bias })}
      />
      <div class="row joined">
        <NumberField
          label={texts.panels.startFields.seed}
          name="seed"
          value={now.seed}
          min={0}
          max={MOST_SEED}
          step={1}
          onChange={(seed) => set({ seed: Math.round(seed) })}
        />
        <button type="button" onClick={() => set({ seed: (now.seed + 1) % (MOST_SEED + 1) })}>
          {texts.panels.startFields.newStart}
        </button>
      </div>
      {relu && (
        <Select
          label={texts.panels.startFields.relu0}
          name="atZero"
          value={now.atZero}
          choices={[0, 0.5, 1].map((value) => ({ value, label: String(value) }))}
          onChange={(atZero) => set({ atZero })}
          hint={texts.panels.startFields.theValueTakenFor}
        />
      )}
      {leaky && (
        <RateField
          label={texts.panels.startFields.leakySlope}
          name="slope"
          value={now.slope}
          onChange={(slope) => set({ slope })}
        />
      )}
    </div>
  );
}
