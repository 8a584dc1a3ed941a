import { texts } from "../texts/index.ts";
import { Cards } from "./cards.tsx";
import { CurvaturePanel } from "./curvature-panel.tsx";
import { DataPanel } from "./data-panel.tsx";
import { embedded, shows } from "./embed.ts";
import { OpenWhole } from "./embed-dialog.tsx";
import { Header } from "./header.tsx";
import { NetworkPanel } from "./network-panel.tsx";
import { Notices } from "./notices.tsx";
import { OutputPanel } from "./output-panel.tsx";
import { ScenePanel } from "./scene-panel.tsx";
import { spoken, view } from "./store.ts";
import { Toolbar } from "./toolbar.tsx";
import { Tour } from "./tour.tsx";
import { TrainingPanel } from "./training-panel.tsx";

export function App() {
  return (
    <>
      {!embedded && (
        <>
          <a class="skip" href="#network-title">
            {texts.panels.app.skipToTheNetwork}
          </a>
          <Header />
        </>
      )}
      <main class={embedded ? "embedded" : ""}>
        {embedded && <h1 class="hidden">{texts.panels.app.hessiaPlayground}</h1>}
        {(shows("controls") || shows("settings")) && <Toolbar />}
        <Notices />
        <Bench />
        {embedded ? <OpenWhole /> : <Cards />}
      </main>
      {!embedded && <Footer />}
      <Tour />
      <p class="hidden" role="status" aria-live="polite">
        {spoken}
      </p>
    </>
  );
}

/**
 * What is on the first screen; a scene's text takes the place of the data, which are the scene's
 * own.
 */
function Bench() {
  const scene = view.value.scene !== "" && shows("scene");
  return (
    <div class={`bench ${scene ? "with-scene" : ""}`}>
      {scene ? <ScenePanel /> : shows("data") && <DataPanel />}
      {shows("network") && <NetworkPanel />}
      {shows("output") && <OutputPanel />}
      {shows("curvature") && <CurvaturePanel />}
      {!embedded && <TrainingPanel />}
    </div>
  );
}

function Footer() {
  return (
    <footer>
      <p>
        {texts.panels.app.everythingIsComputedIn} <strong>{texts.panels.app.hessia}</strong>{" "}
        {texts.panels.app.packageNothingIsSent}
      </p>
    </footer>
  );
}
