// Is what the page shows still true? Follows the facts as they pass, and says when it no longer can.
import { $ } from "./ask.js";
import { now, sayTime } from "./clock.js";

const GATHER = 100; // ms: facts come in bursts, one fetch answers them all
const STALE = 30000; // ms without connection until the page says that it only shows the past
const listeners = new Set();
const waiting = new Map();
let timer = 0;
let lost = null; // { at: when on the house's clock, since: performance.now(), why }

/** Calls `heard(facts)` at most every 100 ms with the facts that came: [{subject, request_id, slot_id, at}]. */
export function onFacts(heard) {
  listeners.add(heard);
}

/** As if a fact had come: after an act of one's own, or when the connection is back. */
export function refresh(fact = { subject: "" }) {
  waiting.set(`${fact.subject} ${fact.request_id} ${fact.slot_id}`, fact);
  timer ||= setTimeout(tell, GATHER);
}

function tell() {
  timer = 0;
  const facts = [...waiting.values()];
  waiting.clear();
  for (const heard of listeners) heard(facts);
}

function show() {
  const [state, words] = !lost ? ["live", "En direct"]
    : lost.why === "bus" ? ["trying", `Bus coupé depuis ${sayTime(lost.at)}, la saisie continue`]
      : performance.now() - lost.since < STALE ? ["trying", `Reconnexion depuis ${sayTime(lost.at)}`]
        : ["stale", `Lecture seule\u00a0: données de ${sayTime(lost.at)}`];
  const place = $("#live");
  if (!place || (place.dataset.state === state && place.lastElementChild.textContent === words)) return;
  place.dataset.state = state;
  place.lastElementChild.textContent = words;
}

function cut(why, at = now()) {
  if (lost?.why !== why) lost = { why, at: lost?.at ?? at, since: performance.now() };
  show();
}

/** What the server says of its own connection: first thing on the stream, and whenever that changes. */
function heardBus({ bus, since }) {
  if (!bus) return cut("bus", Date.parse(since) || now());
  lost = null;
  show();
  refresh();
}

/** Opens the stream of facts; the browser itself takes it up again after the last fact it heard. */
export function listen(subjects = (document.body.dataset.subjects || "").split(" ")) {
  const stream = new EventSource("/api/events");
  stream.onerror = () => {
    cut("web");
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000, subjects);
  };
  for (const name of ["live", "bus"]) stream.addEventListener(name, (event) => heardBus(JSON.parse(event.data)));
  for (const subject of subjects) {
    stream.addEventListener(subject, (event) => refresh({ subject, ...JSON.parse(event.data) }));
  }
  addEventListener("pagehide", () => stream.close(), { once: true });
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload(), { once: true });
}
setInterval(() => lost && show(), 1000);
