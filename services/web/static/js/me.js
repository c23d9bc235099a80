// How does a practitioner open her time, on a phone, between two patients? Words in, slots read back, one press.
import { $, $$, NoAnswer, ask, make } from "./ask.js";
import "./acts.js";
import { setClock } from "./clock.js";
import { listen, onFacts, refresh } from "./live.js";
import { part } from "./part.js";
import { chosenPlace } from "./place.js";
import { toast } from "./toast.js";

const form = $("#publish");
let key = crypto.randomUUID();
let read = 0;

const say = (field, words) => {
  $(`#${field}-error`).textContent = words;
  form[field].toggleAttribute("aria-invalid", false);
  if (words) form[field].setAttribute("aria-invalid", "true");
};
const modes = () => $$("[name=modes]:checked", form).map((box) => box.value);

function query() {
  const every = form.every.value;
  return new URLSearchParams({
    text: form.start.value.trim(), minutes: form.minutes.value, every, times: every ? Number.parseInt(form.times.value, 10) || 1 : 1,
  });
}

/** The slots as the server understands them, shown under the form; [] when it does not. */
async function preview() {
  const mine = ++read;
  const place = $("#preview");
  if (!form.start.value.trim()) { place.replaceChildren(); return []; }
  const understood = await ask("GET", `/me/when?${query()}`).catch((problem) => ({ problem: problem.errors?.[0]?.detail || problem.message }));
  if (mine !== read) return [];
  say("start", understood.problem || "");
  const slots = understood.slots || [];
  place.replaceChildren(...(slots.length ? [
    make("p", {}, make("strong", {}, slots.length > 1 ? `${slots.length} créneaux\u00a0:` : "Un créneau\u00a0:")),
    make("ul", {}, ...slots.map((slot) => make("li", {}, slot.said))),
  ] : []));
  return slots;
}

function problemOf(capacity) {
  const problem = $("#publish-problem");
  problem.textContent = "";
  say("capacity", capacity >= 1 && capacity <= 50 ? "" : "Écrivez un nombre entre 1 et 50.");
  if (!modes().length) problem.textContent = "Choisissez au moins une façon de voir le patient.";
  if (!form.start.value.trim()) say("start", "Écrivez quand le créneau commence.");
  return Boolean(problem.textContent) || $$("[aria-invalid]", form).length > 0;
}

async function publish(event) {
  event.preventDefault();
  const slots = await preview();
  const capacity = Number(form.capacity.value);
  if (problemOf(capacity)) return $("[aria-invalid]", form)?.focus();
  const body = {
    practitioner_id: form.dataset.practitioner, place: chosenPlace().key,
    slots: slots.map(({ start }) => ({ start, minutes: Number(form.minutes.value), capacity, modes: modes() })),
  };
  await send(body);
}

async function send(body, tries = 0) {
  const problem = $("#publish-problem");
  try {
    const { slots } = await ask("POST", "/api/slots", body, { headers: { "Idempotency-Key": key } });
    toast(slots.length > 1 ? `${slots.length} créneaux ouverts.` : "Créneau ouvert.");
    key = crypto.randomUUID();
    form.start.value = "";
    $("#preview").replaceChildren();
    problem.textContent = "";
    refresh();
  } catch (refused) {
    if (refused instanceof NoAnswer && tries < 5) {
      problem.textContent = "Le serveur ne répond pas. Votre saisie est gardée, nouvel essai…";
      setTimeout(send, 1000 * 2 ** tries, body, tries + 1);
      return;
    }
    key = crypto.randomUUID();
    problem.textContent = [refused.message, ...(refused.errors || []).map(({ detail }) => detail)].join(" ");
  }
}

if (form) {
  form.addEventListener("submit", publish);
  form.addEventListener("change", (event) => {
    form.times.disabled = !form.every.value;
    if (event.target.name !== "modes") preview();
  });
}

// A week that repeats: typed anew, or the one that is to be changed.
const week = $("#week");
const newWeek = week?.dataset.act;
const title = $("#repeat-title span");

function showWeek(one = null) {
  week.reset();
  week.dataset.act = one ? `/api/weeks/${one.id}` : newWeek;
  title.textContent = one ? "Modifier ma semaine type" : title.dataset.new;
  $("[data-leave-it]", week).hidden = !one;
  for (const [name, value] of Object.entries(one || {})) {
    const boxes = $$(`[name="${name}[]"][type=checkbox]`, week);
    for (const box of boxes) box.checked = value.map(String).includes(box.value);
    const field = boxes.length ? null : week.elements[name] || week.elements[`${name}[]`];
    if (field?.type === "checkbox") field.checked = value;
    else if (field) field.value = Array.isArray(value) ? value.join(", ") : value ?? "";
    if (field?.selectedIndex === -1) field.add(new Option("lieu qui n’est plus dans votre liste", value, true, true));
  }
  if (one) $(".more", week).open = true;
}

if (week) {
  week.addEventListener("done", () => showWeek());
  $("[data-leave-it]", week).addEventListener("click", () => showWeek());
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-change]");
    if (!button) return;
    showWeek(JSON.parse(button.dataset.change));
    $("#repeat-title").focus();
  });
}
$("#for-whom")?.addEventListener("change", () => $("#for").requestSubmit());
document.addEventListener("relais:sent", () => refresh());
onFacts(async () => {
  if (!$("#agenda")) return;
  await part($("#agenda").dataset.url, "#agenda");
  setClock($("#agenda").dataset.now);
});
listen();
