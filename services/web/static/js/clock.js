// What time is it in the house, and how is it said? The server's clock (a demonstration may run faster), in French.
import { $$, icon } from "./ask.js";

const seen = { at: performance.now(), now: Date.parse(document.body.dataset.now || "") || Date.now() };
const speed = Number(document.body.dataset.speed || 1);
const timeZone = document.body.dataset.zone || "Europe/Paris";

/** Milliseconds since 1970 by the server's clock. */
export const now = () => seen.now + (performance.now() - seen.at) * speed;

/** Sets the clock again from what the server said (ISO). */
export function setClock(iso) {
  const told = Date.parse(iso);
  if (told) Object.assign(seen, { at: performance.now(), now: told });
}

/** How many real milliseconds until that moment of the server's clock. */
export const realUntil = (iso) => (Date.parse(iso) - now()) / speed;

const day = new Intl.DateTimeFormat("fr-FR", { timeZone, weekday: "long", day: "numeric", month: "long" });
const key = new Intl.DateTimeFormat("fr-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
const parts = new Intl.DateTimeFormat("fr-FR", { timeZone, hour: "numeric", minute: "2-digit", hourCycle: "h23" });

/** "14 h 05", "9 h". */
export function sayTime(at) {
  const said = Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, part.value]));
  const hour = Number(said.hour);
  return said.minute === "00" ? `${hour}\u00a0h` : `${hour}\u00a0h\u00a0${said.minute}`;
}

/** "aujourd’hui à 14 h 05", "demain à 9 h", "lundi 23 novembre à 9 h". */
export function sayWhen(iso) {
  const at = Date.parse(iso);
  const away = { [key.format(now())]: "aujourd’hui", [key.format(now() + 864e5)]: "demain" }[key.format(at)];
  return `${away || day.format(at)} à\u00a0${sayTime(at)}`;
}

/** Minutes as "45 min", "3 h 05", "2 j 4 h". */
export function sayDelay(minutes) {
  const hours = Math.floor(minutes / 60);
  if (hours < 1) return `${minutes}\u00a0min`;
  if (hours < 48) return `${hours}\u00a0h${minutes % 60 ? `\u00a0${String(minutes % 60).padStart(2, "0")}` : ""}`;
  return `${Math.floor(hours / 24)}\u00a0j\u00a0${hours % 24}\u00a0h`;
}

/** The same rule as services/web/saying.py: colour AND icon AND words. */
export function countdown(deadline) {
  const minutes = Math.floor((deadline - now()) / 60000);
  if (minutes < 0) return { level: "late", mark: "octagon-alert", words: `dépassée de ${sayDelay(-minutes)}` };
  if (minutes < 60) return { level: "hot", mark: "triangle-alert", words: `dans ${sayDelay(minutes)}` };
  if (minutes < 240) return { level: "soon", mark: "triangle", words: `dans ${sayDelay(minutes)}` };
  return { level: "", mark: "clock", words: `dans ${sayDelay(minutes)}` };
}

/** Refreshes every countdown on the page; touches only those whose words change. */
export function tick() {
  for (const chip of $$("[data-due]")) {
    const { level, mark, words } = countdown(Date.parse(chip.dataset.due));
    if (chip.lastElementChild.textContent === words) continue;
    chip.className = `chip ${level}`;
    chip.firstElementChild.replaceWith(icon(mark));
    chip.lastElementChild.textContent = words;
  }
}
setInterval(tick, Math.max(1000, 10000 / speed));
