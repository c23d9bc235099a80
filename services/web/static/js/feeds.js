// How does a practitioner link an agenda kept elsewhere? An address or a file, what its events mean, one press.
import { $, $$, ask } from "./ask.js";
import "./follow.js";
import { refresh } from "./live.js";
import { toast } from "./toast.js";

const form = $("#link");
const READ_WITHIN = [1500, 4000, 8000]; // ms: the sweep reads it by itself, and says nothing when nothing changed

function fit() {
  for (const part of $$("[data-for]", form)) part.hidden = !part.dataset.for.split(" ").includes(form.kind.value);
  $("[data-means]", form).hidden = form.means.value !== "open";
}

function say(errors) {
  const seen = ["url", "file", "national_id"].filter((name) => {
    const found = errors.find(({ field }) => field === name);
    $(`#${name}-error`).textContent = found?.detail || "";
    form[name].toggleAttribute("aria-invalid", false);
    if (found) form[name].setAttribute("aria-invalid", "true");
    return found;
  });
  if (seen.length) form[seen[0]].focus();
  return seen.length;
}

function send() {
  const modes = $$("[name=modes]:checked", form).map((box) => box.value);
  const about = { practitioner_id: form.practitioner_id?.value, means: form.means.value, visit_minutes: form.visit_minutes.value, place: form.place?.value };
  if (form.kind.value !== "file") {
    const where = { kind: form.kind.value, url: form.url.value.trim(), national_id: form.national_id.value };
    return ask("POST", "/api/feeds", { ...about, ...where, modes });
  }
  const query = new URLSearchParams(Object.entries({ ...about, modes: modes.join(",") }).filter(([, value]) => value));
  return ask("POST", `/api/feeds/file?${query}`, form.file.files[0]);
}

async function link(event) {
  event.preventDefault();
  const problem = $("#link-problem");
  problem.textContent = "";
  const missing = form.kind.value === "file" ? !form.file.files.length && "file" : !form.url.value.trim() && "url";
  if (say(missing ? [{ field: missing, detail: missing === "file" ? "Choisissez un fichier." : "Collez l’adresse de l’agenda." }] : [])) return;
  try {
    await send();
    toast("Agenda relié.");
    form.reset();
    fit();
    refresh();
    for (const wait of READ_WITHIN) setTimeout(refresh, wait);
  } catch (refused) {
    const rest = (refused.errors || []).filter(({ field }) => !["url", "file", "national_id"].includes(field));
    if (!say(refused.errors || []) || rest.length) problem.textContent = [refused.message, ...rest.map(({ detail }) => detail)].join(" ");
  }
}

if (form) {
  form.addEventListener("submit", link);
  form.addEventListener("change", fit);
  fit();
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-act$='/poll']")) for (const wait of READ_WITHIN) setTimeout(refresh, wait);
});
