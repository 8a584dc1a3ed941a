import { initializerNames, MOST_SEED } from "../model/settings.ts";
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
        label="Weights start"
        name="initializer"
        value={now.initializer}
        choices={initializerNames.map((value) => ({
          value,
          label: value.replace("-", " ").replace("he", "He").replace("glorot", "Glorot"),
        }))}
        onChange={(initializer) => set({ initializer })}
      />
      <NumberField label="Hidden biases start" name="bias" value={now.bias} onChange={(bias) => set({ bias })} />
      <div class="row joined">
        <NumberField
          label="Seed"
          name="seed"
          value={now.seed}
          min={0}
          max={MOST_SEED}
          step={1}
          onChange={(seed) => set({ seed: Math.round(seed) })}
        />
        <button type="button" onClick={() => set({ seed: (now.seed + 1) % (MOST_SEED + 1) })}>
          New start
        </button>
      </div>
      {relu && (
        <Select
          label="ReLU′(0)"
          name="atZero"
          value={now.atZero}
          choices={[0, 0.5, 1].map((value) => ({ value, label: String(value) }))}
          onChange={(atZero) => set({ atZero })}
          hint="The value taken for the derivative at the kink."
        />
      )}
      {leaky && <RateField label="Leaky slope" name="slope" value={now.slope} onChange={(slope) => set({ slope })} />}
    </div>
  );
}
