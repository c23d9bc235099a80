// What does a button with data-act do? One POST through the JSON door, asked about first when it cannot be undone.
import { $, NoAnswer, ask } from "./ask.js";
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
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    await ask("POST", url, body ? JSON.parse(body) : null, { headers });
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

/** The fields as a body. One whose name ends in [] is a list: several boxes, or words with commas between them. */
function typed(form) {
  const said = {};
  for (const [name, value] of new FormData(form)) {
    if (name.endsWith("[]")) (said[name.slice(0, -2)] ||= []).push(...value.split(",").map((one) => one.trim()).filter(Boolean));
    else said[name] = value;
  }
  return said;
}

// <form data-act="…">: its fields are the body. What was typed stays when it is refused; why is said in its own .problem,
// if it has one. The same press sent twice is one: the key changes when what is typed does.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  const problem = $(".problem", form);
  form.dataset.key ||= crypto.randomUUID();
  try {
    await ask("POST", form.dataset.act, typed(form), { headers: { "Idempotency-Key": form.dataset.key } });
    if (problem) problem.textContent = "";
    toast(form.dataset.said || "C’est fait.");
    form.dispatchEvent(new Event("done"));
    refresh();
  } catch (refused) {
    const words = [refused.message, ...(refused.errors || []).map(({ detail }) => detail)].join(" ");
    if (problem) problem.textContent = words;
    else toast(words, { seconds: 10 });
    if (refused instanceof NoAnswer) return; // perhaps it was done: the next press is the same one
  }
  form.dataset.key = "";
});

document.addEventListener("click", (event) => event.target.closest("[data-print]") && print());

// Leaving the account: the draft of the tab goes with it.
document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-leave]")) return;
  event.preventDefault();
  sessionStorage.clear();
  localStorage.removeItem("relais.me");
  await ask("DELETE", "/api/session").catch(() => null);
  location.assign("/");
});
