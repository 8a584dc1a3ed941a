import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { toHash } from "../model/link.ts";
import { defaultView, type View } from "../model/view.ts";
import { sceneOf, scenes } from "../scenes/index.ts";
import { type Act, courseOf, type Scene } from "../scenes/scene.ts";
import { follow } from "./analyst.ts";
import { frame, hessian, load, play, playing, show, strayed, view } from "./store.ts";

/** The link that opens a scene. */
function hrefOf(scene: Scene, act = 0): string {
  return `#${toHash({ course: courseOf(scene, scene.acts[act]), view: viewOf(scene, act), own: null })}`;
}

function viewOf(scene: Scene, act: number): View {
  return { ...defaultView, ...scene.view, scene: scene.key, act };
}

export function SceneMenu() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" id="scenes-button" class="primary" onClick={() => dialog.current?.showModal()}>
        Guided scenes
      </button>
      <dialog ref={dialog} class="scenes" aria-labelledby="scenes-title">
        <h2 id="scenes-title">Guided scenes</h2>
        <ul>
          {scenes.map((scene) => (
            <li key={scene.key}>
              <a href={hrefOf(scene)} onClick={() => dialog.current?.close()}>
                {scene.title}
              </a>
              <p class="faint">{scene.teaser}</p>
            </li>
          ))}
        </ul>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </dialog>
    </>
  );
}

export function ScenePanel() {
  const scene = sceneOf(view.value.scene);
  if (!scene) return null;
  const index = Math.min(view.value.act, scene.acts.length - 1);
  const act = scene.acts[index];
  const open = (next: number): void => {
    show(viewOf(scene, next));
    load(courseOf(scene, scene.acts[next]));
  };
  return (
    <section class="scene" id="scene" aria-labelledby="scene-title">
      <header>
        <h2 id="scene-title">{scene.title}</h2>
        <button type="button" onClick={() => show({ scene: "", act: 0 })}>
          Leave the scene
        </button>
      </header>
      <p>{scene.text}</p>
      <ol class="acts">
        {scene.acts.map(({ title }, i) => (
          <li key={title}>
            <button
              type="button"
              aria-current={i === index ? "step" : undefined}
              class={i === index ? "on" : ""}
              onClick={() => open(i)}
            >
              {i + 1}. {title}
            </button>
          </li>
        ))}
      </ol>
      <div class="act">
        <p>{act.text}</p>
        <div class="row">
          {act.to > 0 && (
            <button
              type="button"
              class="primary"
              id="run-act"
              disabled={playing.value}
              onClick={() => {
                open(index);
                play(act.to);
              }}
            >
              Run this act
            </button>
          )}
          {index + 1 < scene.acts.length && (
            <button type="button" onClick={() => open(index + 1)}>
              Next: {scene.acts[index + 1].title}
            </button>
          )}
        </div>
        <Claims key={act.title} act={act} />
      </div>
    </section>
  );
}

function Claims({ act }: { act: Act }) {
  const ended = useComputed(() => {
    const now = frame.value;
    return now !== null && !strayed.value && now.replayed === 1 && (now.step >= act.to || now.halt !== null);
  });
  // What a claim needs is looked at wherever on the page one is.
  useEffect(() => {
    if (act.claims.some(({ hessian: needed }) => needed)) return follow("hessian", () => ended.value);
  }, []);
  // A string, so that pictures that change nothing here draw nothing here.
  const state = useComputed(() => {
    const now = frame.value;
    return act.claims
      .map(({ test, hessian: needed }) => {
        const picture = hessian.value?.step === now?.step ? hessian.value : null;
        if (!now || !ended.value || (needed && !picture)) return "open";
        return test({ frame: now, hessian: picture }) ? "met" : "missed";
      })
      .join();
  });
  const states = state.value.split(",");
  const marks: Record<string, [string, string]> = {
    open: ["○", "not yet"],
    met: ["✓", "true"],
    missed: ["✗", "not true"],
  };
  return (
    <ul class="claims" aria-label="What should be seen at the end">
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
