// What has just happened, and can it be undone? Short notices that screen readers hear.
import { $, make } from "./ask.js";

/** Shows `words` for `seconds`; with `act` {label, run} a button that counts down. Returns a function that removes it. */
export function toast(words, { seconds = 6, act = null } = {}) {
  const rest = make("span", { className: "num" });
  const button = act && make("button", { type: "button", className: "btn" }, act.label, rest);
  const notice = make("div", { className: "toast" }, make("span", {}, words), button);
  const until = performance.now() + seconds * 1000;
  const gone = () => { clearInterval(timer); notice.remove(); };
  const count = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    if (left <= 0) return gone();
    rest.textContent = ` ${left}\u00a0s`;
  };
  const timer = setInterval(count, 250);
  button?.addEventListener("click", () => { gone(); act.run(); });
  count();
  $("#toasts").append(notice);
  return gone;
}
