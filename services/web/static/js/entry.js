// What does the regulator say about this patient? The form in the order of speech, and its draft that nothing loses.
import { $, $$, ask, make } from "./ask.js";
import { now } from "./clock.js";
import { Combobox } from "./combobox.js";

const STORE = "relais.draft"; // sessionStorage: gone with the tab, never on another machine
const FIELD = { birth_year: "birth", usual_practitioner: "usual", hours: "deadline" };
const form = $("#entry");
const changed = new EventTarget();
export const draft = { id: "", key: "", held: null, pending: null, radius: 0 };

/** Calls `run` when something changed that may change the proposals. */
export const onNeed = (run) => changed.addEventListener("need", run);
const tell = () => changed.dispatchEvent(new Event("need"));

const commune = new Combobox(form.commune, {
  find: async (text, signal) => (await ask("GET", `/api/communes?q=${encodeURIComponent(text)}`, null, { signal })).map((one) => ({
    value: one.insee,
    label: `${one.name} (${one.postal_codes[0] ?? one.departement})`,
    hint: one.own ? "" : "hors territoire",
  })),
  chosen: () => { clearError("commune"); keep(); tell(); },
});
const usual = new Combobox(form.usual, {
  find: async (text, signal) => (await ask("GET", `/api/practitioners?q=${encodeURIComponent(text)}&profession=${form.profession.value}`, null, { signal }))
    .map((one) => ({ value: one.id, label: one.name, hint: one.commune_name || one.commune || "" })),
  chosen: () => { keep(); tell(); },
});

const text = (name) => form[name].value.trim();
const hours = () => Number(form.hours.value || 24);

function birthYear() {
  const said = Number.parseInt(text("birth"), 10);
  if (Number.isNaN(said)) return null;
  return said <= 120 ? new Date(now()).getFullYear() - said : said;
}

function modes() {
  const asked = [form.home.checked ? "home" : "office"];
  if (form.tele.checked) asked.push("teleconsultation");
  return asked;
}

/** What deciding needs, or null while the commune is not known. */
export function need() {
  if (!commune.value) return null;
  return {
    profession: form.profession.value,
    commune: commune.value,
    ...(text("deadline") ? { deadline: form.deadline.dataset.iso || text("deadline") } : { hours: hours() }),
    modes: modes(),
    no_vehicle: form.no_vehicle.checked,
    can_wait: form.can_wait ? form.can_wait.checked : false,
    usual_practitioner: usual.value || null,
    reason: text("reason") || null,
    ...(draft.radius ? { radius_km: draft.radius } : {}),
  };
}

/** The whole request as the server takes it. */
export function request() {
  return {
    ...need(),
    request_id: draft.id,
    phone: text("phone"),
    last_name: text("last_name"),
    first_name: text("first_name") || null,
    birth_year: birthYear(),
    address: form.home.checked ? text("address") || null : null,
    sms: form.sms.checked,
    discreet: form.discreet.checked,
    language: form.language.value,
    ...(draft.held ? { slot_id: draft.held.slot_id, why: draft.held.why || null } : {}),
  };
}

/** What is still missing before it can be saved: [{field, detail}], in the order of speech. */
export function missing() {
  const wrong = [];
  if (!text("phone")) wrong.push({ field: "phone", detail: "Écrivez le numéro de téléphone du patient." });
  if (!text("last_name")) wrong.push({ field: "last_name", detail: "Écrivez le nom du patient." });
  if (!commune.value) wrong.push({ field: "commune", detail: "Choisissez la commune dans la liste." });
  if (form.home.checked && !text("address")) wrong.push({ field: "address", detail: "Écrivez l’adresse de la visite." });
  return wrong;
}

/** Errors at their fields, and a summary that takes the focus. */
export function showErrors(errors, title = "Il manque quelque chose") {
  clearErrors();
  const named = errors.map(({ field, detail }) => ({ field: FIELD[field] || field, detail })).filter(({ field }) => form[field]);
  for (const { field, detail } of named) {
    form[field].setAttribute?.("aria-invalid", "true");
    const place = $(`#${field}-error`);
    if (place) place.textContent = detail;
  }
  const rows = errors.map(({ field, detail }) => {
    const target = FIELD[field] || field;
    return make("li", {}, form[target] ? make("a", { href: `#${target}` }, detail) : detail);
  });
  const summary = $("#entry-errors");
  summary.replaceChildren(make("p", {}, make("strong", {}, title)), make("ul", {}, ...rows));
  summary.hidden = false;
  summary.focus();
}

function clearError(field) {
  form[field]?.removeAttribute?.("aria-invalid");
  const place = $(`#${field}-error`);
  if (place) place.textContent = "";
}

export function clearErrors() {
  $("#entry-errors").hidden = true;
  $$("[aria-invalid]", form).forEach((field) => clearError(field.name));
}

/** Writes the draft where a reload finds it. */
export function keep() {
  const fields = Object.fromEntries(new FormData(form));
  const picked = { commune: commune.value, usual: usual.value, deadline: form.deadline.dataset.iso || "" };
  sessionStorage.setItem(STORE, JSON.stringify({ ...draft, fields, picked }));
}

function mint() {
  // It begins with the moment: requests of one hour lie together in the database.
  const moment = Date.now().toString(16).padStart(12, "0");
  const id = moment + crypto.randomUUID().replaceAll("-", "").slice(moment.length);
  Object.assign(draft, { id, key: crypto.randomUUID(), held: null, pending: null, radius: 0 });
}

/** An empty form, a new request id and a new idempotency key. */
export function renew() {
  mint();
  form.reset();
  commune.value = usual.value = "";
  delete form.deadline.dataset.iso;
  $("#deadline-hint").textContent = $("#birth-hint").textContent = "";
  $("#known").replaceChildren();
  clearErrors();
  shape();
  sessionStorage.removeItem(STORE);
}

/** Fills the form with what was kept (an earlier `snapshot()`, or the stored draft). True when there was one. */
export function restore(saved = JSON.parse(sessionStorage.getItem(STORE) || "null")) {
  if (!saved) return false;
  const { fields, picked, ...ids } = saved;
  for (const box of $$("[type=checkbox]", form)) box.checked = false;
  for (const [name, value] of Object.entries(fields)) {
    const field = form[name];
    if (field?.type === "checkbox") field.checked = true;
    else if (field) field.value = value;
  }
  commune.value = picked.commune;
  usual.value = picked.usual;
  if (picked.deadline) form.deadline.dataset.iso = picked.deadline;
  Object.assign(draft, ids);
  shape();
  tell();
  return true;
}

export const snapshot = () => { keep(); return JSON.parse(sessionStorage.getItem(STORE)); };

/** A snapshot under new ids: for what was undone and is written again. */
export function again(saved) {
  mint();
  restore({ ...saved, ...draft, radius: saved.radius });
}

const shape = () => { $("#address-field").hidden = !form.home.checked; };

async function readDeadline() {
  const said = text("deadline");
  const hint = $("#deadline-hint");
  if (!said) { hint.textContent = ""; return tell(); }
  const read = await ask("GET", `/console/when?text=${encodeURIComponent(said)}`).catch(() => null);
  if (read?.at) {
    form.deadline.dataset.iso = read.at;
    hint.textContent = `Avant ${read.said}.`;
    clearError("deadline");
  } else if (read) {
    hint.textContent = "";
    form.deadline.setAttribute("aria-invalid", "true");
    $("#deadline-error").textContent = read.problem;
  }
  keep();
  tell();
}

async function known() {
  const place = $("#known");
  const found = text("phone") ? await ask("POST", "/console/known", { phone: text("phone") }).catch(() => null) : null;
  if (found?.shown) form.phone.value = found.shown;
  place.replaceChildren(...(found?.request_id ? [make("p", { className: "note warn small" },
    `Déjà ouverte\u00a0: ${found.said}. `, make("a", { href: `/console/requests/${found.request_id}` }, "Ouvrir"), " (Alt+O)")] : []));
}

form.addEventListener("input", (event) => {
  clearError(event.target.name);
  if (event.target === form.deadline) delete form.deadline.dataset.iso;
  keep();
});
form.addEventListener("change", (event) => {
  shape();
  if (event.target === form.deadline) return readDeadline();
  if (event.target === form.profession) usual.set(null);
  if (["hours", "profession", "reason", "no_vehicle", "home", "tele"].includes(event.target.name)) { draft.radius = 0; tell(); }
});
form.phone.addEventListener("change", known);
form.birth.addEventListener("change", () => {
  const year = birthYear();
  $("#birth-hint").textContent = year ? `${new Date(now()).getFullYear() - year}\u00a0ans, ${year}` : "";
});
