import { CodeCard } from "./code-card.tsx";
import { HessianCard } from "./hessian-card.tsx";
import { OwnCard } from "./own-card.tsx";
import { RaceCard } from "./race-card.tsx";
import { SpectrumCard } from "./spectrum-card.tsx";
import { SurfaceCard } from "./surface-card.tsx";
import { UnitsCard } from "./units-card.tsx";

/** Columns that are filled one after another, so that a folded card leaves no hole. */
export function Cards() {
  return (
    <div class="cards">
      <div>
        <HessianCard />
        <SpectrumCard />
      </div>
      <div>
        <SurfaceCard />
        <OwnCard />
      </div>
      <div>
        <UnitsCard />
        <RaceCard />
        <CodeCard />
      </div>
    </div>
  );
}
