import { useRef } from "preact/hooks";
import { toHash } from "../model/link.ts";
import { scenes } from "../scenes/index.ts";
import { pictures } from "../scenes/pictures.ts";
import { courseOf, type PictureName, type Scene } from "../scenes/scene.ts";
import { texts } from "../texts/index.ts";
import { viewOf } from "./act-runner.ts";

/** The link that opens a scene. */
function hrefOf(scene: Scene): string {
  return `#${toHash({ course: courseOf(scene, scene.acts[0]), view: viewOf(scene, 0), own: null })}`;
}

/** The gallery of scenes: a picture, the question, how hard it is and how long it takes. */
export function SceneMenu() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" id="scenes-button" class="primary" onClick={() => dialog.current?.showModal()}>
        {texts.scene.menu}
      </button>
      <dialog ref={dialog} class="scenes" aria-labelledby="scenes-title">
        <h2 id="scenes-title">{texts.scene.menu}</h2>
        <ul class="gallery">
          {scenes.map((scene) => (
            <li key={scene.key}>
              <Picture name={scene.picture} />
              <div>
                <strong>{scene.question}</strong>
                <p>
                  <a href={hrefOf(scene)} onClick={() => dialog.current?.close()}>
                    {scene.title}
                  </a>
                </p>
                <p class="faint">{scene.teaser}</p>
                <p class="faint">
                  {texts.scene.levels[scene.level]} · {texts.scene.minutes(scene.minutes)}
                </p>
              </div>
            </li>
          ))}
        </ul>
        <form method="dialog">
          <button type="submit">{texts.help.close}</button>
        </form>
      </dialog>
    </>
  );
}

function Picture({ name }: { name: PictureName }) {
  const { ink, up, down } = pictures[name];
  return (
    <svg viewBox="0 0 120 72" width="120" height="72" aria-hidden="true" focusable="false">
      <path class="ink" d={ink} />
      <path class="up" d={up} />
      <path class="down" d={down} />
    </svg>
  );
}
