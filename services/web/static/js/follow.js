// How does a page that only shows stay true? Its part #follow is asked for again as facts pass, and morphed.
import { $ } from "./ask.js";
import "./acts.js";
import { setClock, tick } from "./clock.js";
import { listen, onFacts } from "./live.js";
import { part } from "./part.js";

const CALM = 1000; // ms: these pages are read, not worked in
let timer = 0;

onFacts(() => {
  timer ||= setTimeout(async () => {
    timer = 0;
    await part($("#follow").dataset.url, "#follow");
    setClock($("#follow").dataset.now);
    tick();
  }, CALM);
});
listen();
