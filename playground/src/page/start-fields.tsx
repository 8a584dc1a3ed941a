import { initializerNames } from "../model/settings.ts";
import { texts } from "../texts/index.ts";
import { NumberField, RateField, Select } from "./parts.tsx";
import { SeedField } from "./seed-field.tsx";
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
      <SeedField name="seed" label={texts.panels.startFields.seed} next={texts.panels.startFields.newStart} />
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
