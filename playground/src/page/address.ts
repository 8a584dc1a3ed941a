import { effect } from "@preact/signals";
import { fromHash, type Linked, toHash } from "../model/link.ts";
import { plainly } from "../model/plainly.ts";
import type { Course } from "../model/settings.ts";
import type { View } from "../model/view.ts";
import { sceneOf } from "../scenes/index.ts";
import { courseOf } from "../scenes/scene.ts";
import { readTable } from "./own-data.ts";
import { course, failure, frame, load, own, playing, startNow, starts, view } from "./store.ts";

/** Longest address that browsers and messages pass on whole. */
const LONGEST = 60_000;

/**
 * What the page is now, as a link; `at` is the step it has reached. A long course is not told but
 * its end.
 */
export function linked(at: number): Linked {
  const table = own.value;
  const { start, log } = course.value;
  const mine = start.data === "own" && table ? { text: table.text, target: table.target } : null;
  const rest = { view: view.value, own: mine };
  const snapshot = at > 0 ? (frame.peek()?.snapshot ?? null) : null;
  if (snapshot) return { course: { start: startNow(), log: [], at, origin: snapshot }, ...rest };
  const past = log.filter(({ step }) => step <= at || at === 0);
  return { course: { start, log: past, at }, ...rest };
}

/**
 * A link that restores everything, the training so far included; without the user's table where
 * that is too long.
 */
export function shareLink(): { href: string; whole: boolean } {
  const now = linked(frame.value?.step ?? 0);
  const base = location.href.split("#")[0];
  const href = `${base}#${toHash(now)}`;
  if (href.length <= LONGEST) return { href, whole: true };
  return { href: `${base}#${toHash({ ...now, own: null })}`, whole: false };
}

/** Takes what the address says. */
export async function restore(): Promise<void> {
  const { course: said, view: shown, own: table } = fromHash(location.hash);
  view.value = shown;
  const next = sceneAlone(location.hash, shown) ?? said;
  visited = actNow();
  let wrong = "The link was made with a table that is not in it: paste or drop that table under “Your own data”.";
  if (table) {
    try {
      own.value = await readTable(table.text, table.target ?? undefined);
    } catch (error) {
      wrong = plainly(error, "The table in the link could not be read");
    }
  }
  if (next.start.data === "own" && !own.value) {
    load({ ...next, start: { ...next.start, data: "circle" } });
    failure.value = wrong;
  } else load(next);
}

/** The course of a scene that is named without anything else. */
function sceneAlone(hash: string, { scene: key, act }: View): Course | null {
  const scene = sceneOf(key);
  const names = [...new URLSearchParams(hash.replace(/^#/, "")).keys()];
  if (!scene || names.some((name) => name !== "scene" && name !== "act")) return null;
  view.value = { ...view.value, ...scene.view };
  return courseOf(scene, scene.acts[Math.min(act, scene.acts.length - 1)]);
}

let timer = 0;
let pending: (() => string) | null = null;
/** The scene and act of the entry that the browser is at. */
let visited = "";

const actNow = (): string => JSON.stringify([view.peek().scene, view.peek().act]);

/**
 * Writes the address: another act is an entry of its own in the browser's history, everything else
 * changes the entry at hand.
 */
function write(): void {
  timer = 0;
  const hash = pending?.() ?? "";
  const entry = actNow();
  const same = entry === visited;
  visited = entry;
  if (`#${hash}` === location.hash || (hash === "" && location.hash === "")) return;
  if (hash.length > LONGEST) return;
  const address = hash === "" ? location.pathname + location.search : `#${hash}`;
  if (same) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
}

/** Goes where the address says; what was about to be written is of the page before. */
async function goThere(): Promise<void> {
  window.clearTimeout(timer);
  timer = 0;
  pending = null;
  await restore();
}

/** Keeps the address up to date: settings at once, the step reached when training pauses. */
export function followAddress(): void {
  effect(() => {
    course.value;
    view.value;
    starts.value;
    const paused = !playing.value;
    pending = () => {
      const now = frame.peek();
      return toHash(linked(paused && now && now.replayed === 1 ? now.step : 0));
    };
    if (!timer) timer = window.setTimeout(write, 250);
  });
  // Steps taken while paused.
  effect(() => {
    const now = frame.value;
    if (now && !playing.value && now.replayed === 1 && !timer) {
      pending = () => toHash(linked(now.step));
      timer = window.setTimeout(write, 250);
    }
  });
  // The page itself writes without these events: they come of links, of Back and of Forward.
  window.addEventListener("popstate", () => void goThere());
}
