// How does a page that only shows stay true? Its part #follow is asked for again as facts pass, and morphed.
import { $ } from "./ask.js";
import "./acts.js";
import { setClock, tick } from "./clock.js";
import { listen, onFacts } from "./live.js";

const CALM = 1000; // ms: these pages are read, not worked in
let timer = 0;

onFacts(() => {
  timer ||= setTimeout(async () => {
    timer = 0;
    const part = $("#follow");
    await htmx.ajax("GET", part.dataset.url, { target: "#follow", swap: "outerMorph" });
    setClock($("#follow").dataset.now);
    tick();
  }, CALM);
});
listen();
