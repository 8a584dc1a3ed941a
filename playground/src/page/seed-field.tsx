import { MOST_SEED } from "../model/settings.ts";
import { NumberField } from "./parts.tsx";
import { set, settings } from "./store.ts";

/** A seed, and a button that takes the next one. */
export function SeedField({ name, label, next }: { name: "seed" | "dataSeed"; label: string; next: string }) {
  const seed = settings.value[name];
  return (
    <div class="row joined">
      <NumberField
        label={label}
        name={name}
        value={seed}
        min={0}
        max={MOST_SEED}
        step={1}
        onChange={(value) => set({ [name]: Math.round(value) })}
      />
      <button type="button" onClick={() => set({ [name]: (seed + 1) % (MOST_SEED + 1) })}>
        {next}
      </button>
    </div>
  );
}
