import { useSignal } from "@preact/signals";
import { programOf } from "../model/program.ts";
import { texts } from "../texts/index.ts";
import { Card } from "./parts.tsx";
import { askSaved, say, scenery, settings } from "./store.ts";

export function CodeCard() {
  return (
    <Card name="code" title={texts.panels.codeCard.takeItWithYou}>
      {() => <Code />}
    </Card>
  );
}

function Code() {
  const note = useSignal("");
  const scene = scenery.value;
  if (!scene) return null;
  const program = programOf(settings.value, scene);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(program);
      note.value = "Copied";
    } catch {
      note.value = "The browser did not allow copying: select the text instead";
    }
    say(note.value);
  };
  const save = async (): Promise<void> => {
    const blob = new Blob([await askSaved()], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "hessia-playground.json";
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return (
    <>
      <p class="faint">
        {texts.panels.codeCard.thisProgramMakesThe} <code>{texts.panels.codeCard.trainMjs}</code>
        {texts.panels.codeCard.run} <code>{texts.panels.codeCard.npmInstallHessia}</code> {texts.panels.codeCard.and}{" "}
        <code>{texts.panels.codeCard.nodeTrainMjs}</code>
        {texts.panels.codeCard.theFileHoldsThe}
        <code> {texts.panels.codeCard.fromjson}</code> {texts.panels.codeCard.of}{" "}
        <code>{texts.panels.codeCard.hessiaFormats}</code> {texts.panels.codeCard.readsIt}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0} role="region" aria-label={texts.panels.codeCard.program} id="program">
        {program}
      </pre>
      <div class="row">
        <button type="button" onClick={copy}>
          {texts.panels.codeCard.copyTheProgram}
        </button>
        <button type="button" id="save-weights" onClick={save}>
          {texts.panels.codeCard.saveNetworkAndWeights}
        </button>
        <span class="faint" role="status">
          {note}
        </span>
      </div>
    </>
  );
}
