import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { type Theme, theme } from "../draw/palette.ts";
import { toHash } from "../model/link.ts";
import { texts } from "../texts/index.ts";
import { linked, shareLink } from "./address.ts";
import { EmbedButton } from "./embed-dialog.tsx";
import { SceneMenu } from "./scene-menu.tsx";
import { say, startNow } from "./store.ts";
import { Icon } from "./toolbar.tsx";
import { startTour } from "./tour.tsx";

export function Header() {
  return (
    <header class="top">
      <div class="title">
        <h1>
          {texts.panels.header.hessia} <span>{texts.panels.header.playground}</span>
        </h1>
        <p>{texts.panels.header.seeANetworkLearn}</p>
      </div>
      <nav aria-label={texts.panels.header.page}>
        <SceneMenu />
        <Share />
        <EmbedButton />
        <CompareLink />
        <ThemeButton />
        <Help />
      </nav>
    </header>
  );
}

function Share() {
  const note = useSignal("");
  const copy = async (): Promise<void> => {
    const { href, whole } = shareLink();
    history.replaceState(null, "", href);
    try {
      await navigator.clipboard.writeText(href);
      note.value = whole ? "Link copied" : "Link copied, without your table";
    } catch {
      note.value = "The link is in the address bar";
    }
    say(note.value);
    window.setTimeout(() => {
      note.value = "";
    }, 2500);
  };
  return (
    <button type="button" id="share" onClick={copy} title={texts.panels.header.aLinkThatRestores}>
      {note.value || "Copy link"}
    </button>
  );
}

/** Opens what is shown twice, side by side. */
function CompareLink() {
  return (
    <a
      class="button"
      id="compare"
      href="?compare"
      onClick={(event) => {
        event.currentTarget.href = `?compare#${toHash({ ...linked(0), course: { start: startNow(), log: [], at: 0 } })}`;
      }}
    >
      {texts.pair.open}
    </a>
  );
}

const icons: Record<Theme, string> = {
  auto: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2.2a7.8 7.8 0 0 1 0 15.6z",
  light:
    "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM11 1h2v4h-2zM11 19h2v4h-2zM1 11h4v2H1zM19 11h4v2h-4zM3.5 4.9 4.9 3.5l2.9 2.8-1.5 1.5zM16.2 17.7l1.5-1.5 2.8 2.9-1.4 1.4zM3.5 19.1l2.8-2.9 1.5 1.5-2.9 2.8zM16.2 6.3l2.9-2.8 1.4 1.4-2.8 2.9z",
  dark: "M20.5 14.5A9 9 0 0 1 9.5 3.5a9 9 0 1 0 11 11z",
};
const next: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

function ThemeButton() {
  const names: Record<Theme, string> = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
  return (
    <button
      type="button"
      id="theme"
      title={names[theme.value]}
      onClick={() => {
        theme.value = next[theme.value];
      }}
    >
      <Icon path={icons[theme.value]} />
      <span class="hidden">{names[theme.value]}</span>
    </button>
  );
}

function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        {texts.panels.header.help}
      </button>
      <dialog ref={dialog} aria-labelledby="help-title">
        <h2 id="help-title">{texts.panels.header.whatThisIs}</h2>
        <p>{texts.panels.header.aSmallNetworkLearns}</p>
        <p>{texts.panels.header.belowAreTheSecond}</p>
        <h3>{texts.panels.header.keys}</h3>
        <dl class="keys">
          <dt>P</dt>
          <dd>{texts.panels.header.playOrPause}</dd>
          <dt>S</dt>
          <dd>{texts.panels.header.oneStep}</dd>
          <dt>E</dt>
          <dd>{texts.panels.header.oneEpoch}</dd>
          <dt>R</dt>
          <dd>{texts.panels.header.resetToTheSame}</dd>
          <dt>U</dt>
          <dd>{texts.panels.header.undoTheLastChange}</dd>
          <dt>{texts.panels.header.tabEnter}</dt>
          <dd>{texts.panels.header.goToAUnit}</dd>
        </dl>
        <p>
          <a href="../documents/lessons.html">{texts.lessons}</a>
        </p>
        <form method="dialog" class="row">
          <button type="submit" onClick={startTour}>
            {texts.tour.start}
          </button>
          <button type="submit">{texts.panels.header.close}</button>
        </form>
      </dialog>
    </>
  );
}
