import { signal, useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { plural } from "../model/format.ts";
import { plainly } from "../model/plainly.ts";
import { texts } from "../texts/index.ts";
import { readTable } from "./own-data.ts";
import { Card, Select } from "./parts.tsx";
import { own, say, startAnew, startNow } from "./store.ts";

const trouble = signal("");

export function OwnCard() {
  return (
    <Card name="own" title={texts.panels.ownCard.yourOwnData}>
      {() => <OwnBody />}
    </Card>
  );
}

/** Takes a table, trains on it, or says what is wrong with it. */
export async function useTable(text: string, target?: number): Promise<void> {
  try {
    const table = await readTable(text, target);
    trouble.value = "";
    const loss = table.problem === "regression" ? "mse" : "cross-entropy";
    startAnew({ ...startNow(), data: "own", loss }, table);
    say(`Your table is in use: ${plural(table.rows.length, "row")}.`);
  } catch (error) {
    trouble.value = plainly(error, "This table could not be read");
  }
}

function OwnBody() {
  const id = useId();
  const text = useSignal(own.value?.text ?? "");
  const over = useSignal(false);
  const table = own.value;
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    text.value = await file.text();
    await useTable(text.value);
  };
  return (
    <>
      <p class="faint">{texts.panels.ownCard.commasSemicolonsOrTabs}</p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a drop has a file field beside it, for the keyboard */}
      <div
        class={`drop ${over.value ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          over.value = true;
        }}
        onDragLeave={() => {
          over.value = false;
        }}
        onDrop={(event) => {
          event.preventDefault();
          over.value = false;
          void take(event.dataTransfer?.files[0]);
        }}
      >
        <label for={id}>{texts.panels.ownCard.pasteATableOr}</label>
        <textarea
          id={id}
          name="table"
          rows={6}
          spellcheck={false}
          placeholder={"width,height,kind\n1.2,3.4,oak\n…"}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
      </div>
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={text.value.trim() === ""}
          onClick={() => void useTable(text.value)}
        >
          {texts.panels.ownCard.trainOnThisTable}
        </button>
        <label class="file">
          <input
            type="file"
            accept=".csv,.tsv,.txt,text/csv"
            onChange={(event) => void take(event.currentTarget.files?.[0])}
          />
          <span>{texts.panels.ownCard.chooseAFile}</span>
        </label>
        <button
          type="button"
          onClick={() => {
            text.value = example();
          }}
        >
          {texts.panels.ownCard.fillInAnExample}
        </button>
      </div>
      {trouble.value && (
        <p class="notice bad" role="alert">
          {trouble.value}
        </p>
      )}
      {table && (
        <>
          <Select
            label={texts.panels.ownCard.targetColumn}
            name="target"
            value={table.target}
            choices={table.columnNames.map((label, value) => ({ value, label }))}
            onChange={(target) => void useTable(table.text, target)}
          />
          <p class="faint" id="own-summary">
            {plural(table.rows.length, "row")}
            {texts.panels.ownCard.inputs} {table.inputNames.join(", ")}; {table.targetName} {texts.panels.ownCard.is}{" "}
            {table.classes.length > 0 ? `one of ${table.classes.join(", ")}` : texts.panels.ownCard.aNumberScaledTo}.
          </p>
          {table.notes.length > 0 && (
            <ul class="faint" id="own-notes">
              {table.notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </>
  );
}

/** Three interleaved arms. */
function example(): string {
  const names = ["north", "east", "west"];
  const lines = Array.from({ length: 210 }, (_, i) => {
    const along = 0.3 + (0.7 * Math.floor(i / 3)) / 70;
    const angle = 3.2 * along + ((i % 3) * 2 * Math.PI) / 3;
    return `${(along * Math.cos(angle)).toFixed(3)},${(along * Math.sin(angle)).toFixed(3)},${names[i % 3]}`;
  });
  return ["x,y,wind", ...lines].join("\n");
}
