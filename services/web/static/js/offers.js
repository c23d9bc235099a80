// Who could see this patient? The best three, live; one of them kept for 90 seconds while one talks.
import { $, NoAnswer, Refused, ask, icon, make } from "./ask.js";
import { realUntil, sayWhen } from "./clock.js";
import { draft, keep, need, onNeed } from "./entry.js";

const place = $("#offers");
const said = $("#offers-said");
const HOW = { office: ["building-2", "au cabinet"], home: ["home", "à domicile"], teleconsultation: ["video", "en téléconsultation"] };
const WHY = [["", "Choisir une raison"], ["patient_prefers", "Préférence du patient"], ["continuity", "Suivi par ce praticien"],
  ["transport", "Trajet plus simple"], ["other", "Autre raison"]];
let options = [];
let asking = null;
let timer = 0;
let counting = 0;

/** Asks again, shortly after the last change; nothing moves while a place is held. */
export function renewOffers(delay = 120) {
  clearTimeout(timer);
  if (!draft.held) timer = setTimeout(load, delay);
}
onNeed(() => renewOffers());

async function load() {
  asking?.abort();
  const wanted = need();
  if (!wanted) {
    options = [];
    return place.replaceChildren(make("p", { className: "soft" }, "Les propositions viennent dès que la commune est connue."));
  }
  asking = new AbortController();
  place.setAttribute("aria-busy", "true");
  try {
    const found = await ask("POST", "/api/proposals", wanted, { signal: asking.signal });
    options = found.proposals;
    if (options.length) showOptions();
    else showNobody(found, wanted);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    options = [];
    place.replaceChildren(make("p", { className: "note warn" }, problem instanceof NoAnswer
      ? "Le serveur ne répond pas. Votre saisie est gardée ; les propositions reviendront."
      : problem.message));
  }
  place.removeAttribute("aria-busy");
}

function facts(option) {
  const [mark, words] = HOW[option.mode];
  const other = option.profession !== $("#entry").profession.value ? `${option.profession_label} · ` : "";
  return make("p", { className: "small" }, icon(mark), ` ${option.practitioner} · ${other}${option.commune}, ${words}`);
}

function showOptions(before = null) {
  const rows = options.slice(0, 3).map((option, at) => {
    const take = make("button", { type: "button", className: "btn" }, "Prendre ", make("kbd", {}, String(at + 1)),
      make("span", { className: "sr" }, ` ${sayWhen(option.start)}, ${option.practitioner}`));
    take.addEventListener("click", () => hold(at));
    const why = option.near_best === false && reasonsFor(option, at);
    return make("li", { className: "offer" },
      make("p", { className: "row apart" }, make("strong", {}, sayWhen(option.start)), take),
      facts(option),
      make("p", { className: "small soft" }, option.reasons.join(" · ")),
      ...(why ? [why] : []));
  });
  place.replaceChildren(...(before ? [before] : []), make("ol", { className: "stack" }, ...rows));
  said.textContent = `${rows.length} proposition${rows.length > 1 ? "s" : ""}. La première : ${sayWhen(options[0].start)}.`;
}

/** A place far from the best is taken with a reason: what one gains, others wait. */
function reasonsFor(option, at) {
  const pick = make("select", { className: "input", id: `why-${at}` }, ...WHY.map(([value, words]) => make("option", { value }, words)));
  pick.addEventListener("change", () => { option.why = pick.value || null; });
  const label = make("label", { htmlFor: `why-${at}`, className: "small" }, `+${option.loses}\u00a0min pour les autres\u00a0: pourquoi celle-ci\u00a0?`);
  return make("p", { className: "field" }, label, pick);
}

function showNobody(found, wanted) {
  const form = $("#entry");
  const act = (words, run) => {
    const button = make("button", { type: "button", className: "btn" }, words);
    button.addEventListener("click", run);
    return button;
  };
  const radius = found.radius_km * 2;
  const acts = [radius <= 200 && act(`Chercher jusqu’à ${Math.round(radius)}\u00a0km`, () => { draft.radius = radius; load(); })];
  if (!wanted.deadline && wanted.hours < 48) acts.push(act("Accepter sous 48\u00a0h", () => { form.hours.value = "48"; load(); }));
  if (!wanted.modes.includes("teleconsultation")) {
    acts.push(act("Accepter la téléconsultation", () => { form.tele.checked = true; load(); }));
  }
  const why = found.nobody?.length ? found.nobody : ["Aucun créneau ne convient pour le moment."];
  place.replaceChildren(
    make("div", { className: "note warn stack" },
      make("p", {}, make("strong", {}, "Aucune place ne convient pour le moment")),
      make("ul", { className: "reasons small" }, ...why.map((line) => make("li", {}, line))),
      make("div", { className: "row" }, ...acts.filter(Boolean)),
      make("p", { className: "small" }, "Ou dispatchez\u00a0: Relais continue à chercher, et prévient une personne avant l’échéance.")));
  said.textContent = `Aucune place. ${why.join(". ")}`;
}

/** Keeps proposal `at` (0 = the first) for 90 s. */
export async function hold(at) {
  const option = options[at];
  if (!option || draft.pending) return;
  if (option.near_best === false && !option.why) return $(`#why-${at}`)?.focus();
  if (draft.held) await release(false);
  try {
    const kept = await ask("POST", "/api/holds", {
      request_id: draft.id, slot_id: option.slot_id, mode: option.mode, wish: need(), why: option.why || null, start: option.start,
    });
    draft.held = { ...option, start: kept.start || option.start, until: kept.until };
    keep();
    showHeld();
  } catch (problem) {
    if (problem instanceof Refused && problem.status === 409 && !problem.type.endsWith("far_from_best")) return taken();
    place.prepend(make("p", { className: "note warn" }, problem.message));
  }
}

/** Someone was faster: say so, and show the next ones. */
export async function taken() {
  draft.held = null;
  keep();
  clearInterval(counting);
  await load();
  const words = "Ce créneau vient d’être pris — voici les suivants.";
  place.prepend(make("p", { className: "note warn" }, words));
  said.textContent = words;
}

function showHeld() {
  const { held } = draft;
  const left = make("strong", { className: "num" });
  const act = (id, words, key, look) => Object.assign(
    make("button", { type: "button", id, className: `btn ${look}` }, `${words} `, make("kbd", {}, key)));
  const confirm = act("confirm", "Confirmer", "c", "main");
  const back = act("release", "Relâcher", "r", "");
  back.addEventListener("click", () => release());
  confirm.addEventListener("click", () => document.dispatchEvent(new Event("relais:confirm")));
  const meter = make("progress", { max: 90, value: 90 });
  meter.setAttribute("aria-label", "Temps restant");
  place.replaceChildren(make("div", { className: "held stack" },
    make("p", { className: "row apart" }, make("span", {}, icon("clock"), " Gardé pour vous"), left), meter,
    make("p", { className: "big" }, sayWhen(held.start)), facts(held),
    make("div", { className: "row" }, confirm, back)));
  said.textContent = `Place gardée 90\u00a0secondes\u00a0: ${sayWhen(held.start)}, ${held.practitioner}. c pour confirmer, r pour relâcher.`;
  clearInterval(counting);
  const count = () => {
    const seconds = Math.min(90, Math.ceil(realUntil(held.until) / 1000));
    if (seconds <= 0) return over();
    left.textContent = seconds > 60 ? `encore 1\u00a0min ${seconds - 60}\u00a0s` : `encore ${seconds}\u00a0s`;
    meter.value = seconds;
  };
  counting = setInterval(count, 250);
  count();
}

async function over() {
  clearInterval(counting);
  draft.held = null;
  keep();
  await load();
  place.prepend(make("p", { className: "note warn" }, "Les 90 secondes sont passées\u00a0: la place est relâchée. Reprenez-en une."));
}

/** Gives the held place back. */
export async function release(reload = true) {
  if (!draft.held || draft.pending) return;
  clearInterval(counting);
  draft.held = null;
  keep();
  await ask("POST", "/api/holds/release", { request_id: draft.id }).catch(() => null); // it ends by itself anyway
  if (reload) await load();
}

/** What a reload finds: a hold still under way, or fresh proposals. */
export function resumeOffers() {
  if (draft.held && realUntil(draft.held.until) > 0) showHeld();
  else {
    draft.held = null;
    load();
  }
}

/** The form starts again: nothing is shown any more. */
export function clearOffers() {
  clearInterval(counting);
  load();
  said.textContent = "";
}
