// How does a coordinator bring a list of members? Looked at first, line by line; taken in when she says so.
import { $, ask, make } from "./ask.js";
import "./follow.js";
import { refresh } from "./live.js";
import { toast } from "./toast.js";

const form = $("#bring");
const confirm = $("#confirm");
const verdict = $("#verdict");
const MOST = 100; // problems shown: who has more begins with these

const count = (number, one, several) => `${number}\u00a0${number > 1 ? several : one}`;

function say({ new: fresh, changed, same, problems }) {
  const stops = problems.filter((one) => one.stops);
  const head = stops.length
    ? `${count(stops.length, "problème", "problèmes")} à corriger : rien n’a été importé.`
    : `${count(fresh, "nouveau membre", "nouveaux membres")}, ${count(changed, "à mettre à jour", "à mettre à jour")}, ${count(same, "inchangé", "inchangés")}.`;
  const lines = (title, some) => some.length ? [make("h3", {}, title), make("ul", { className: "stack small" }, ...some.slice(0, MOST).map((one) => make("li", {}, make("strong", {}, `Ligne ${one.line}\u00a0: `), one.says)))] : [];
  verdict.replaceChildren(
    make("p", { className: stops.length ? "note warn" : "note" }, head),
    ...lines("À corriger", stops),
    ...lines("À vérifier", problems.filter((one) => !one.stops)),
  );
  confirm.hidden = Boolean(stops.length) || !(fresh + changed);
}

async function send(event, dryRun) {
  event.preventDefault();
  const file = form.file.files[0];
  $("#file-error").textContent = file ? "" : "Choisissez un fichier.";
  if (!file) return form.file.focus();
  confirm.hidden = true;
  try {
    const outcome = await ask("POST", `/api/members/import?dry_run=${dryRun}`, file, { signal: AbortSignal.timeout(60000) });
    say(outcome);
    if (outcome.done) {
      confirm.hidden = true;
      toast("Liste importée.");
      refresh();
    }
  } catch (refused) {
    verdict.replaceChildren(make("p", { className: "note warn" }, refused.message));
  }
}

form.addEventListener("submit", (event) => send(event, true));
confirm.addEventListener("click", (event) => send(event, false));
form.file.addEventListener("change", () => {
  verdict.replaceChildren();
  confirm.hidden = true;
});
