// What does a button with data-act do? One POST through the JSON door, asked about first when it cannot be undone.
import { $, ask } from "./ask.js";
import { refresh } from "./live.js";
import { toast } from "./toast.js";

/** Asks a yes/no question in the page's own dialog; resolves to true or false. */
export function sure(question, yes) {
  const dialog = $("#sure");
  $("h2", dialog).textContent = question;
  $("[value=yes]", dialog).textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }));
}

/**
 * <button data-act="/api/requests/1/close" data-body='{"outcome": "advised"}' data-sure="Clore ?" data-yes="Clore"
 *  data-said="Demande close.">
 */
async function act(button) {
  const { act: url, body, sure: question, yes, said } = button.dataset;
  if (button.ariaDisabled === "true" || (question && !(await sure(question, yes || "Oui")))) return;
  button.ariaDisabled = "true";
  try {
    await ask("POST", url, body ? JSON.parse(body) : null);
    toast(said || "C’est fait.");
  } catch (problem) {
    toast(problem.message, { seconds: 10 });
  }
  button.ariaDisabled = null;
  refresh();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) act(button);
});

// <form data-act="…">: its fields are the body. What was typed stays when it is refused.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  try {
    await ask("POST", form.dataset.act, Object.fromEntries(new FormData(form)));
    toast(form.dataset.said || "C’est fait.");
    refresh();
  } catch (problem) {
    toast([problem.message, ...(problem.errors || []).map(({ detail }) => detail)].join(" "), { seconds: 10 });
  }
});

// Leaving the account: the draft of the tab goes with it.
document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-leave]")) return;
  event.preventDefault();
  sessionStorage.clear();
  await ask("DELETE", "/api/session").catch(() => null);
  location.assign("/");
});
