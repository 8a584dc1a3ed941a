import { useSignal } from "@preact/signals";
import { programOf, weightsOf } from "../model/program.ts";
import { Card } from "./parts.tsx";
import { frame, say, scenery, settings } from "./store.ts";

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
  const save = (): void => {
    const now = frame.value;
    if (!now) return;
    const blob = new Blob([JSON.stringify(weightsOf(now, scene), null, 1)], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "hessia-playground.json";
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return (
    <>
      <p class="faint">
        This program makes the network and trains it with the package. The file has specification and parameters as they
        are now;
        <code> net.setParameters(file.parameters)</code> takes them.
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
