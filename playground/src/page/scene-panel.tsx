import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { samePlace } from "../model/place.ts";
import { sceneOf } from "../scenes/index.ts";
import type { Act, FramedPart, Scene } from "../scenes/scene.ts";
import { texts } from "../texts/index.ts";
import { guess, look, openAct, reached, runAct, stopped, studyHere } from "./act-runner.ts";
import { follow } from "./analyst.ts";
import { Callout } from "./callout.tsx";
import { InstrumentOf } from "./instruments.tsx";
import { frame, hessian, playing, show, strayed, view } from "./store.ts";

/** A scene's text, beside the pictures that it speaks of. */
export function ScenePanel() {
  const scene = sceneOf(view.value.scene);
  if (!scene) return null;
  const index = Math.min(view.value.act, scene.acts.length - 1);
  const act = scene.acts[index];
  return (
    <section class="panel scene" id="scene" aria-labelledby="scene-title">
      <header>
        <h2 id="scene-title">{scene.title}</h2>
        <button type="button" onClick={() => show({ scene: "", act: 0 })}>
          {texts.scene.leave}
        </button>
      </header>
      {index === 0 && <p>{scene.text}</p>}
      <Acts scene={scene} index={index} />
      <ActPanel key={`${scene.key}.${index}`} scene={scene} index={index} act={act} />
    </section>
  );
}

/** The acts by number, those of a group together. */
function Acts({ scene, index }: { scene: Scene; index: number }) {
  const groups = [...new Set(scene.acts.map(({ group }) => group ?? ""))];
  return (
    <div class="acts" role="group" aria-label={texts.scene.acts}>
      {groups.map((group) => (
        <div key={group} class="act-group">
          {group && <span class="faint">{group}</span>}
          {scene.acts.map(({ title, group: own = "" }, i) =>
            own === group ? (
              <button
                key={title}
                type="button"
                title={title}
                aria-label={`${i + 1}. ${title}`}
                aria-current={i === index ? "step" : undefined}
                class={i === index ? "on" : ""}
                onClick={() => openAct(scene, i)}
              >
                {i + 1}
              </button>
            ) : null,
          )}
        </div>
      ))}
    </div>
  );
}

const places: Readonly<Record<FramedPart, string>> = {
  plane: ".plane",
  network: ".panel.network",
  loss: ".output .chart",
  hessian: "#story-hessian",
  spectrum: "#story-spectrum",
  sentence: "#curvature-sentence",
  study: "#instrument",
};

function ActPanel({ scene, index, act }: { scene: Scene; index: number; act: Act }) {
  const said = useSignal(false);
  const guessed = guess.value >= 0;
  const there = useComputed(() => reached(act, frame.value));
  const ended = useComputed(() => there.value && !strayed.value);
  const over = ended.value && guessed && !playing.value;
  useEffect(() => {
    if (over && act.study && !studyHere.peek()) void look(act.study);
  }, [over]);
  useFrame(places[act.frame], guessed && !over, playing.value);
  return (
    <div class="act">
      <h3>
        {index + 1}. {act.title}
      </h3>
      <p>{act.text}</p>
      <Question act={act} />
      {guessed && act.to > (act.from ?? 0) && (
        <button
          type="button"
          class={over ? "" : "primary"}
          id="run-act"
          disabled={playing.value || stopped.value}
          onClick={() => {
            said.value = false;
            void runAct(scene, index);
          }}
        >
          {over ? texts.scene.again : texts.scene.run}
        </button>
      )}
      {over && <Seen act={act} />}
      {guessed && act.instrument && there.value && <InstrumentOf kind={act.instrument} act={act} />}
      {guessed && <Claims act={act} ended={ended} />}
      {index + 1 < scene.acts.length && over && (
        <button type="button" class="primary" id="next-act" onClick={() => openAct(scene, index + 1)}>
          {texts.scene.next}: {scene.acts[index + 1].title}
        </button>
      )}
      {stopped.value && act.event && <EventStop at={places[act.frame]} says={act.event.says} />}
      {over && !said.value && (
        <Callout
          at={places[act.frame]}
          title={texts.scene.seen}
          onClose={() => {
            said.value = true;
          }}
        >
          <p>{act.seen}</p>
          <div class="row">
            <button
              type="button"
              onClick={() => {
                said.value = true;
              }}
            >
              {texts.help.close}
            </button>
          </div>
        </Callout>
      )}
    </div>
  );
}

/**
 * Milliseconds that an act stands at its event, and how long more while somebody is at the note.
 */
const STAND = 6000;
const MORE = 1500;

/** The note beside the picture where the act stands; it goes on by itself after a while. */
function EventStop({ at, says }: { at: string; says: string }) {
  const { look: title, goOn } = texts.scene;
  const resume = (): void => {
    stopped.value = false;
  };
  useEffect(() => {
    let timer = 0;
    const wait = (): void => {
      if (document.querySelector(".callout:is(:hover, :focus-within)")) timer = window.setTimeout(wait, MORE);
      else resume();
    };
    timer = window.setTimeout(wait, STAND);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <Callout at={at} title={title} onClose={resume}>
      <p id="event">{says}</p>
      <div class="row">
        <button type="button" class="primary" id="go-on" onClick={resume}>
          {goOn}
        </button>
      </div>
    </Callout>
  );
}

/** Frames the picture to look at, and brings it below the toolbar when the act runs. */
function useFrame(selector: string, on: boolean, runs: boolean): void {
  useEffect(() => {
    const top = on && runs ? document.querySelector(selector)?.getBoundingClientRect().top : undefined;
    if (top !== undefined && (top < 90 || top > 0.6 * window.innerHeight)) window.scrollBy({ top: top - 150 });
  }, [selector, on, runs]);
  useEffect(() => {
    const element = on ? document.querySelector(selector) : null;
    element?.classList.add("framed");
    return () => element?.classList.remove("framed");
  }, [selector, on]);
}

/** What is asked before it is shown. */
function Question({ act: { ask } }: { act: Act }) {
  return (
    <fieldset class="guess" disabled={playing.value}>
      <legend>{ask.question}</legend>
      {ask.options.map((option, i) => (
        <button
          key={option}
          type="button"
          class="answer"
          aria-pressed={guess.value === i}
          onClick={() => {
            guess.value = i;
          }}
        >
          {option}
        </button>
      ))}
    </fieldset>
  );
}

function Seen({ act }: { act: Act }) {
  const right = guess.value === act.ask.right;
  return (
    <p class="seen" id="seen" data-right={right}>
      <strong>{right ? texts.scene.right : texts.scene.wrong(act.ask.options[act.ask.right])}</strong> {act.seen}
    </p>
  );
}

function Claims({ act, ended }: { act: Act; ended: { readonly value: boolean } }) {
  // What a claim needs is looked at wherever on the page one is.
  useEffect(() => {
    if (act.claims.some(({ hessian: needed }) => needed)) return follow("hessian", () => ended.value);
  }, []);
  // A string, so that pictures that change nothing here draw nothing here.
  const state = useComputed(() => {
    const now = frame.value;
    return act.claims
      .map(({ test, hessian: curved, study: studied }) => {
        const picture = samePlace(hessian.value?.place, now?.place) ? hessian.value : null;
        const asked = studyHere.value;
        if (!now || !ended.value || (curved && !picture) || (studied && !asked)) return "open";
        return test({ frame: now, hessian: picture, study: asked }) ? "met" : "missed";
      })
      .join();
  });
  const states = state.value.split(",");
  const marks: Record<string, [string, string]> = {
    open: ["○", texts.scene.open],
    met: ["✓", texts.scene.met],
    missed: ["✗", texts.scene.missed],
  };
  return (
    <ul class="claims" aria-label={texts.scene.claims}>
      {act.claims.map(({ text }, i) => (
        <li key={text} class={states[i]} data-state={states[i]}>
          <span aria-hidden="true">{marks[states[i]][0]}</span>
          <span class="hidden">{marks[states[i]][1]}: </span>
          {text}
        </li>
      ))}
    </ul>
  );
}
