import { render } from "preact";
import { followAddress, restore } from "./address.ts";
import { App } from "./app.tsx";
import { embedded } from "./embed.ts";
import { followPair } from "./follow-pair.ts";
import { followKeys, keepFocusInView } from "./keys.ts";

/** Draws the page, and takes what the address says. */
export function startPage(root: HTMLElement): void {
  render(<App />, root);
  void restore().then(followAddress);
  followKeys();
  keepFocusInView();
  if (embedded) followPair();
}
