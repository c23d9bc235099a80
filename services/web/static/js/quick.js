// How is a slot opened in three touches? A day, an hour, a length; "free now" in one. Works without a network.
import { $, $$ } from "./ask.js";
import { now } from "./clock.js";
import { chosenPlace } from "./place.js";
import { flush, keepSending, put, whoAmI } from "./queue.js";

const form = $("#quick");
const me = form ? whoAmI(form) : {};
const timeZone = me.zone || "Europe/Paris";
const local = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
const said = new Intl.DateTimeFormat("fr-FR", { timeZone, weekday: "long", day: "numeric" });
const NEAR = ["aujourd’hui", "demain"];

/** The page that was kept on the phone has an old clock: there it is the phone's, as far off as it was. */
const clock = form?.dataset.account ? now : () => Date.now() + (me.ahead || 0);

/** "2026-11-23T14:05" by the clock of the place. */
const wall = (ms) => local.format(ms).replace(" ", "T");

function body(start, minutes, capacity) {
  return { ...(me.practitioner ? { practitioner_id: me.practitioner } : {}), place: chosenPlace(me.practitioner).key, slots: [{ start, minutes, capacity }] };
}

/** Where, when it was chosen among several places. */
const there = () => [""].concat(chosenPlace(me.practitioner).words || []).join(", ");

/** The days of the coming week: a day goes on while the page is open. */
function days() {
  $$("[name=day]", form).forEach((box, ahead) => {
    const at = clock() + ahead * 864e5;
    box.value = wall(at).slice(0, 10);
    box.nextElementSibling.textContent = NEAR[ahead] || said.format(at);
  });
}

if (form) {
  days();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const day = $("[name=day]:checked", form);
    const start = `${day.value}T${form.hour.value}`;
    const minutes = Number($("[name=length]:checked", form).value);
    const problem = $(".problem", form);
    problem.textContent = start <= wall(clock()) ? "Cette heure est passée\u00a0: choisissez-en une autre, ou un autre jour." : "";
    if (problem.textContent) return form.hour.focus();
    await put(me, body(start, minutes, 1), `${day.nextElementSibling.textContent} ${form.hour.value.replace(":", "\u00a0h\u00a0")}, ${minutes}\u00a0min${there()}`);
  });
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("[data-free-now]")) return;
    const five = 300000;
    await put(me, body(wall(Math.ceil((clock() + 60000) / five) * five), 120, 6), `maintenant, 2\u00a0h${there()}`);
  });
  if (!form.dataset.account) addEventListener("online", () => flush(me).finally(() => location.replace("/me")));
  setInterval(days, 60000);
  keepSending(me);
}
navigator.serviceWorker?.register("/sw.js").catch(() => null); // without one, the page works all the same
