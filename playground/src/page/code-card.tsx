import { useSignal } from "@preact/signals";
import { programOf } from "../model/program.ts";
import { Card } from "./parts.tsx";
import { askSaved, say, scenery, settings } from "./store.ts";

export function CodeCard() {
  return (
    <Card name="code" title="Take it with you">
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
        This program makes the network and trains it on this data with the package: save it as <code>train.mjs</code>,
        run <code>npm install hessia</code> and <code>node train.mjs</code>. The file holds the network with its
        parameters as they are now;
        <code> fromJson</code> of <code>hessia/formats</code> reads it.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0} role="region" aria-label="Program" id="program">
        {program}
      </pre>
      <div class="row">
        <button type="button" onClick={copy}>
          Copy the program
        </button>
        <button type="button" id="save-weights" onClick={save}>
          Save network and weights
        </button>
        <span class="faint" role="status">
          {note}
        </span>
      </div>
    </>
  );
}
