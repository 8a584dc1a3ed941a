import { signal } from "@preact/signals";
import { Cards } from "./cards.tsx";
import { CurvaturePanel } from "./curvature-panel.tsx";
import { DataPanel } from "./data-panel.tsx";
import { Header } from "./header.tsx";
import { NetworkPanel } from "./network-panel.tsx";
import { Notices } from "./notices.tsx";
import { OutputPanel } from "./output-panel.tsx";
import { ScenePanel } from "./scene-panel.tsx";
import { spoken } from "./store.ts";
import { Toolbar } from "./toolbar.tsx";
import { TrainingPanel } from "./training-panel.tsx";

export const helpOpen = signal(false);

export function App() {
  return (
    <>
      <a class="skip" href="#network-title">
        Skip to the network
      </a>
      <Header />
      <main>
        <ScenePanel />
        <Toolbar />
        <Notices />
        <div class="bench">
          <DataPanel />
          <NetworkPanel />
          <OutputPanel />
          <CurvaturePanel />
          <TrainingPanel />
        </div>
        <Cards />
      </main>
      <footer>
        <p>
          Everything is computed in this page by the <strong>hessia</strong> package: nothing is sent anywhere. The idea
          of the page is TensorFlow Playground's, by Daniel Smilkov and Shan Carter.
        </p>
      </footer>
      <p class="hidden" role="status" aria-live="polite">
        {spoken}
      </p>
    </>
  );
}
