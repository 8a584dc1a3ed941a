import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import type { CardName } from "../model/view.ts";
import { texts } from "../texts/index.ts";
import type { TermName } from "../texts/terms.ts";
import { useSeen } from "./hooks.ts";
import { show, view } from "./store.ts";
import { Term } from "./term.tsx";

/** A field's name, with a mark where it is a term of the field. */
function Label({ id, text, term }: { id: string; text: string; term?: TermName | undefined }) {
  if (!term) return <label for={id}>{text}</label>;
  return (
    <div class="labelled">
      <label for={id}>{text}</label>
      <Term name={term} />
    </div>
  );
}

export function Select<T extends string | number>(props: {
  label: string;
  value: T;
  choices: readonly {
    readonly value: T;
    readonly label: string;
    readonly group?: string;
    readonly disabled?: boolean;
  }[];
  onChange: (value: T) => void;
  name?: string;
  hint?: string;
  term?: TermName;
}) {
  const id = useId();
  const pick = (index: number): void => props.onChange(props.choices[index].value);
  const groups = [...new Set(props.choices.map(({ group }) => group))];
  const option = (choice: (typeof props.choices)[number]) => (
    <option key={String(choice.value)} value={props.choices.indexOf(choice)} disabled={choice.disabled}>
      {choice.label}
    </option>
  );
  return (
    <div class="field" title={props.hint}>
      <Label id={id} text={props.label} term={props.term} />
      <select
        id={id}
        name={props.name}
        value={props.choices.findIndex(({ value }) => value === props.value)}
        onChange={(event) => pick(Number(event.currentTarget.value))}
      >
        {groups.map((group) =>
          group ? (
            <optgroup key={group} label={group}>
              {props.choices.filter((choice) => choice.group === group).map(option)}
            </optgroup>
          ) : (
            props.choices.filter((choice) => !choice.group).map(option)
          ),
        )}
      </select>
    </div>
  );
}

export function NumberField(props: {
  label: string;
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number;
  step?: number | "any";
  hint?: string;
  name?: string;
}) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const typing = useRef(false);
  const follow = (): void => {
    // What is being typed stays, whatever arrives meanwhile.
    if (field.current && !typing.current) field.current.value = String(props.value);
  };
  useLayoutEffect(follow, [props.value]);
  const take = (input: HTMLInputElement): void => {
    const value = Number(input.value);
    const within =
      input.value !== "" &&
      Number.isFinite(value) &&
      value >= (props.min ?? -Infinity) &&
      value <= (props.max ?? Infinity);
    typing.current = false;
    if (within) props.onChange(value);
    else input.value = String(props.value);
  };
  return (
    <div class="field" title={props.hint}>
      <label for={id}>{props.label}</label>
      <input
        id={id}
        name={props.name}
        type="number"
        onInput={() => {
          typing.current = true;
        }}
        inputMode="decimal"
        ref={field}
        defaultValue={String(props.value)}
        min={props.min}
        max={props.max}
        step={props.step ?? "any"}
        onChange={(event) => take(event.currentTarget)}
      />
    </div>
  );
}

/** A positive number that goes up and down by factors of about three. */
export function RateField(props: {
  label: string;
  value: number;
  onChange: (value: number) => void;
  zero?: boolean;
  name?: string;
  hint?: string;
  term?: TermName;
}) {
  const id = useId();
  const { value, zero = false } = props;
  const go = (by: 1 | -1): void => props.onChange(neighbour(value, by, zero));
  return (
    <div class="field" title={props.hint}>
      <Label id={id} text={props.label} term={props.term} />
      <div class="stepper">
        <button
          type="button"
          aria-label={`${props.label}: lower`}
          onClick={() => go(-1)}
          disabled={zero ? value <= 0 : value <= 1e-6}
        >
          −
        </button>
        <input
          id={id}
          name={props.name}
          type="number"
          inputMode="decimal"
          value={value}
          min={zero ? 0 : 1e-9}
          step="any"
          onChange={(event) => {
            const next = Number(event.currentTarget.value);
            if (event.currentTarget.value !== "" && Number.isFinite(next) && (next > 0 || (zero && next === 0)))
              props.onChange(next);
            else event.currentTarget.value = String(value);
          }}
        />
        <button type="button" aria-label={`${props.label}: raise`} onClick={() => go(1)}>
          +
        </button>
      </div>
    </div>
  );
}

/** The next of …, 0.01, 0.03, 0.1, 0.3, … */
function neighbour(value: number, by: 1 | -1, zero: boolean): number {
  const rungs: number[] = zero ? [0] : [];
  for (let power = zero ? -4 : -6; power <= 2; ++power) rungs.push(Number(`1e${power}`), Number(`3e${power}`));
  if (by > 0) return rungs.find((rung) => rung > value * 1.0001) ?? value;
  return rungs.findLast((rung) => rung < value * 0.9999) ?? (zero ? 0 : value);
}

export function Slider(props: {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  unit?: string;
  onChange: (value: number) => void;
  name?: string;
}) {
  const id = useId();
  const shown = `${props.value}${props.unit ?? ""}`;
  return (
    <div class="field slider">
      <label for={id}>
        {props.label} <output for={id}>{shown}</output>
      </label>
      <input
        id={id}
        name={props.name}
        type="range"
        min={props.min}
        max={props.max}
        step={props.step}
        value={props.value}
        aria-valuetext={shown}
        onChange={(event) => props.onChange(Number(event.currentTarget.value))}
      />
    </div>
  );
}

export function Check(props: {
  label: string;
  value: boolean;
  onChange: (value: boolean) => void;
  name?: string;
  hint?: string;
}) {
  return (
    <label class="check" title={props.hint}>
      <input
        type="checkbox"
        name={props.name}
        checked={props.value}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}

/** A few choices of which one holds, side by side. */
export function Choice<T extends string | number>(props: {
  label: string;
  value: T;
  choices: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <div>
        {props.choices.map(({ value, label, hint }) => (
          <label key={String(value)} title={hint}>
            <input type="radio" name={name} checked={value === props.value} onChange={() => props.onChange(value)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Rare options, folded away until they are asked for. */
export function Fold({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <details class="fold">
      <summary>{title}</summary>
      <div class="folded">{children}</div>
    </details>
  );
}

/** Terms by name, each with its mark. */
function Terms({ names }: { names: readonly TermName[] }) {
  return (
    <ul class="terms faint">
      {names.map((name) => (
        <li key={name}>
          {texts.terms[name].title}
          <Term name={name} />
        </li>
      ))}
    </ul>
  );
}

/** A part of the page that can be folded away; folded or out of sight it costs nothing. */
export function Card(props: {
  name: CardName;
  title: string;
  children: (seen: { readonly value: boolean }) => ComponentChildren;
  wide?: boolean;
  /** Terms that the card is about. */
  terms?: readonly TermName[];
}) {
  const { ref, seen } = useSeen<HTMLDetailsElement>();
  const open = view.value.open.includes(props.name);
  return (
    <details
      ref={ref}
      class={`card ${props.wide ? "wide" : ""}`}
      id={`card-${props.name}`}
      open={open}
      onToggle={(event) => {
        const now = event.currentTarget.open;
        const { open: names } = view.value;
        if (now !== names.includes(props.name)) {
          show({ open: now ? [...names, props.name] : names.filter((name) => name !== props.name) });
        }
      }}
    >
      <summary>
        <h2>{props.title}</h2>
      </summary>
      {open && (
        <div class="body">
          {props.terms && <Terms names={props.terms} />}
          {props.children(seen)}
        </div>
      )}
    </details>
  );
}
