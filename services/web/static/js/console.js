// How does a regulator work without a mouse? Saving, retrying, undoing, and every shortcut of the console.
import { $, $$, NoAnswer, Refused, ask } from "./ask.js";
import "./acts.js";
import { closeDrawer, current, openRequest, startBoard, step, withdraw } from "./board.js";
import { sayWhen } from "./clock.js";
import { again, clearErrors, draft, keep, missing, renew, request, restore, showErrors, snapshot } from "./entry.js";
import { listen, onFacts, refresh } from "./live.js";
import { clearOffers, hold, release, renewOffers, resumeOffers, taken } from "./offers.js";
import { toast } from "./toast.js";

const form = $("#entry");
const state = $("#saving");
let undo = null;

/** Saves what is on the form: with the held place, or "let it run". Retried with the same key until it is answered. */
async function save() {
  if (draft.pending) return;
  clearErrors();
  const wrong = missing();
  if (wrong.length) return showErrors(wrong);
  draft.pending = request();
  const saved = snapshot();
  await send(saved);
}

async function send(saved, tries = 0) {
  form.inert = true;
  state.textContent = tries ? "Le serveur ne répond pas. Votre saisie est gardée, nouvel essai…" : "Enregistrement…";
  state.hidden = false;
  try {
    const made = await ask("POST", "/api/requests", draft.pending, { headers: { "Idempotency-Key": draft.key } });
    done(made, saved);
  } catch (problem) {
    if (problem instanceof NoAnswer) return setTimeout(send, Math.min(1000 * 2 ** tries, 8000), saved, tries + 1);
    settle();
    draft.pending = null;
    keep();
    if (problem instanceof Refused && problem.status === 409) return taken();
    showErrors(problem.errors?.length ? problem.errors : [{ field: "", detail: problem.message }], "La demande n’est pas enregistrée");
  }
}

function settle() {
  form.inert = false;
  state.hidden = true;
}

function done(made, saved) {
  const { held } = draft;
  settle();
  renew();
  clearOffers();
  form.phone.focus();
  const words = held ? `Demande enregistrée\u00a0: ${sayWhen(held.start)}, ${held.practitioner}. Le SMS part dans 10\u00a0s.`
    : "Demande enregistrée. Relais cherche une place.";
  const gone = toast(words, { seconds: 10, act: { label: "Annuler (u)", run: () => undo?.() } });
  undo = () => {
    undo = null;
    gone();
    withdraw(made.id, "Demande annulée, rien n’est parti. Votre saisie est revenue.");
    again({ ...saved, held: null, pending: null });
    form.phone.focus();
  };
  setTimeout((mine) => { if (undo === mine) undo = null; }, 10000, undo);
  refresh({ subject: "", request_id: made.id });
}

function acknowledge() {
  const button = $("#drawer [data-act$='/acknowledge']");
  if (button) return button.click();
  const id = current();
  if (id) {
    ask("POST", `/api/requests/${id}/acknowledge`).then(() => toast("Alerte prise en main."), (problem) => toast(problem.message));
  }
}

const KEYS = {
  n: () => { closeDrawer(); form.phone.focus(); },
  "/": () => $("#search").focus(),
  j: () => step(1),
  k: () => step(-1),
  c: () => draft.held && save(),
  r: () => release(),
  e: acknowledge,
  u: () => undo?.(),
  "?": () => $("#help").showModal(),
};
const digit = ({ code }) => (/^(Digit|Numpad)[1-3]$/.test(code) ? Number(code.at(-1)) - 1 : -1);
const typing = (target) => target.matches("input:not([type=checkbox], [type=radio]), select, textarea");

function key(event) {
  if (event.defaultPrevented || event.metaKey || $("dialog[open]")) return;
  const at = digit(event); // the key itself: on a French keyboard 1 needs Shift
  if (event.ctrlKey && event.key === "Enter") return run(event, save);
  if (event.altKey && at >= 0) return run(event, () => hold(at));
  if (event.altKey && event.code === "KeyO") return run(event, () => $("#known a")?.click());
  if (event.ctrlKey || event.altKey) return;
  if (event.key === "Escape") return escape(event);
  if (event.key === "Enter" && form.contains(event.target) && event.target.matches("input")) return run(event, () => next(event.target));
  if (typing(event.target) || !$("#shortcuts").checked) return;
  if (at >= 0) return run(event, () => hold(at));
  if (KEYS[event.key]) run(event, KEYS[event.key]);
}

function run(event, act) {
  event.preventDefault();
  act();
}

/** Esc leaves what one is in: the drawer, or the field, so that single keys work. */
function escape(event) {
  if (closeDrawer()) return event.preventDefault();
  if (form.contains(event.target)) $("#offers-title").focus();
}

/** Enter goes on to the next field: saving is Ctrl+Enter, never an accident. */
function next(field) {
  const fields = $$("input:not([hidden]), select", form).filter((one) => one.offsetParent && (one.type !== "radio" || one.checked));
  fields[fields.indexOf(field) + 1]?.focus();
}

document.addEventListener("keydown", key);
document.addEventListener("relais:confirm", save);
form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
form.addEventListener("combobox:next", (event) => next(event.target));
$("#dispatch").addEventListener("click", save);
$("#start-again").addEventListener("click", async () => { await release(false); renew(); clearOffers(); form.phone.focus(); });
$("#open-help").addEventListener("click", KEYS["?"]);
$("#shortcuts").checked = localStorage.getItem("relais.shortcuts") !== "off";
$("#shortcuts").addEventListener("change", ({ target }) => localStorage.setItem("relais.shortcuts", target.checked ? "on" : "off"));
onFacts((facts) => { if (facts.some(({ subject }) => /^(slot|seat|hold|booking)\./.test(subject))) renewOffers(400); });

startBoard();
listen();
if (!restore()) renew();
resumeOffers();
form.phone.focus();
if (draft.pending) send(snapshot());
if (location.hash.startsWith("#r-")) openRequest(location.hash.slice(3));
