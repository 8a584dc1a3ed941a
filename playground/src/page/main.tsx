import { render } from "preact";
import { followAddress, restore } from "./address.ts";
import { App } from "./app.tsx";
import { embedded } from "./embed.ts";
import { followPair } from "./follow-pair.ts";
import { followKeys, keepFocusInView } from "./keys.ts";
import "./style/index.css";

const root = document.getElementById("app") as HTMLElement;
root.replaceChildren();
render(<App />, root);
void restore().then(followAddress);
followKeys();
keepFocusInView();
if (embedded) followPair();
