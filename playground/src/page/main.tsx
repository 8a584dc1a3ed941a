import { render } from "preact";
import { texts } from "../texts/index.ts";
import "./style/index.css";

/** `?compare`: two settings side by side, each page in a frame; else the page itself. */
const root = document.getElementById("app") as HTMLElement;
if (new URLSearchParams(location.search).has("compare")) {
  const { Pair } = await import("../compare/pair.tsx");
  document.title = `hessia playground: ${texts.pair.title.toLowerCase()}`;
  root.replaceChildren();
  render(<Pair />, root);
} else {
  const { startPage } = await import("./start.tsx");
  root.replaceChildren();
  startPage(root);
}
