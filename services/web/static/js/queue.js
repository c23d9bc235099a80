// What is opened while there is no network? Kept on this phone, sent with its own key when the network is back: seen once.
import { $, NoAnswer, ask, icon, make } from "./ask.js";
import { now } from "./clock.js";
import { toast } from "./toast.js";

const STORE = "relais.queue";
const AGAIN = 15000; // ms between two tries while something waits

/** Who acts, for whom, and how the clock there goes: also on the page that is shown without a network. Ids only. */
export function whoAmI(form) {
  const { account, practitioner } = form.dataset;
  const { zone } = document.body.dataset;
  if (account) localStorage.setItem("relais.me", JSON.stringify({ account, practitioner, zone, ahead: now() - Date.now() }));
  return JSON.parse(localStorage.getItem("relais.me") || "{}");
}

const read = () => JSON.parse(localStorage.getItem(STORE) || "[]");
function write(list) {
  localStorage.setItem(STORE, JSON.stringify(list));
  show();
}

/** Opens a slot: at once, or as soon as the network is back. `words` say which, to the person. */
export function put(me, body, words) {
  write([...read(), { key: crypto.randomUUID(), account: me.account, body, words }]);
  return flush(me);
}

/** Sends what waits, oldest first, from one tab at a time. Another account's is left for that account. */
export function flush(me) {
  return navigator.locks.request(STORE, async () => {
    for (const one of read().filter(({ account, problem }) => account === me.account && !problem)) {
      const rest = () => read().filter(({ key }) => key !== one.key);
      try {
        await ask("POST", "/api/slots", one.body, { headers: { "Idempotency-Key": one.key } });
        write(rest());
        toast(`Créneau ouvert\u00a0: ${one.words}.`);
        document.dispatchEvent(new Event("relais:sent"));
      } catch (refused) {
        if (refused instanceof NoAnswer || refused.status === 401) break;
        const problem = [refused.message, ...(refused.errors || []).map(({ detail }) => detail)].join(" ");
        write(read().map((each) => (each.key === one.key ? { ...each, problem } : each)));
        toast(`${one.words}\u00a0: ${problem}`, { seconds: 10 });
      }
    }
    show();
  });
}

function show() {
  const place = $("#queue");
  if (!place) return;
  const list = read();
  place.hidden = !list.length;
  place.replaceChildren(...list.map(({ key, words, problem }) => {
    const drop = make("button", { type: "button", className: "btn" }, problem ? "Compris" : "Ne pas envoyer", make("span", { className: "sr" }, `\u00a0: ${words}`));
    drop.addEventListener("click", () => write(read().filter((one) => one.key !== key)));
    return make("li", { className: `note ${problem ? "bad" : "warn"}` },
      make("p", {}, icon(problem ? "triangle-alert" : "clock"), ` ${words}\u00a0: `, make("span", {}, problem || "en attente du réseau, il part dès son retour.")), drop);
  }));
}

/** Keeps trying: when the network is back, when the page is looked at, and now and then. */
export function keepSending(me) {
  const go = () => read().length && flush(me);
  addEventListener("online", go);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && go());
  setInterval(go, AGAIN);
  show();
  go();
}
