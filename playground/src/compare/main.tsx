import { render } from "preact";
import { Pair } from "./pair.tsx";
import "../page/style/index.css";

render(<Pair />, document.getElementById("app") as HTMLElement);
