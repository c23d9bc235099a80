// What is open, and what of this one? The board, its rows by keyboard, and the drawer over it.
import { $, $$, ask } from "./ask.js";
import { setClock, tick } from "./clock.js";
import { onFacts, refresh } from "./live.js";
import { part } from "./part.js";
import { toast } from "./toast.js";

const drawer = $("#drawer");
const search = $("#search");
let opened = "";
let from = null;

const rows = () => $$("#board tbody tr:not([hidden])");
const links = () => rows().map((row) => $("a", row));

/** Moves the focus to the next (1) or previous (-1) row. */
export function step(by) {
  const all = links();
  const at = all.indexOf(document.activeElement);
  all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

/** The request the regulator looks at: the drawer's, else the focused row's. */
export const current = () => opened || document.activeElement?.closest?.("#board tr")?.dataset.request || "";

export async function openRequest(id) {
  from = document.activeElement;
  opened = id;
  drawer.hidden = true;
  drawer.replaceChildren(); // what is shown is the request asked for, or nothing
  await part(`/console/requests/${id}`, "#drawer", "innerHTML");
  if (!opened || !drawer.children.length) return;
  drawer.hidden = false;
  $("h2", drawer)?.focus();
}

export function closeDrawer() {
  if (drawer.hidden) return false;
  drawer.hidden = true;
  drawer.replaceChildren();
  const back = $(`#board tr[data-request="${opened}"] a`) || from;
  opened = "";
  back?.focus();
  return true;
}

function filter() {
  const wanted = fold(search.value);
  let shown = 0;
  for (const row of $$("#board tbody tr")) {
    row.hidden = Boolean(wanted) && !fold(row.textContent).includes(wanted);
    shown += row.hidden ? 0 : 1;
  }
  $("#search-said").textContent = wanted ? `${shown} ligne${shown > 1 ? "s" : ""}` : "";
}
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

/** Asks for the board again; htmx morphs it, so that focus and scroll stay where they are. */
async function reload(facts) {
  const about = new Set(facts.map((fact) => fact.request_id));
  await part("/console/board", "#board");
  if (opened && (about.has(opened) || about.has(undefined))) {
    await part(`/console/requests/${opened}`, "#drawer", "innerMorph");
  }
}

export function startBoard() {
  onFacts(reload);
  document.addEventListener("htmx:after:swap", () => {
    setClock($("#board").dataset.now);
    filter();
    tick();
  });
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); links()[0]?.focus(); }
    if (event.key === "Escape") { search.value = ""; filter(); }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='/console/requests/']");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      openRequest(link.getAttribute("href").split("/").pop());
    }
    if (event.target.closest("[data-close-drawer]")) closeDrawer();
  });
}

/** Withdraws a request; `words` is what is said when it is done. */
export async function withdraw(id, words) {
  try {
    await ask("POST", `/api/requests/${id}/withdraw`);
    toast(words);
  } catch (problem) {
    toast(problem.message);
  }
  refresh({ subject: "", request_id: id });
}
