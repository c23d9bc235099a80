// Who does one want to be? Takes a demonstration account and goes to its page.
import { $, ask } from "./ask.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-account]");
  if (!button) return;
  button.disabled = true;
  sessionStorage.clear();
  try {
    await ask("POST", "/api/session", { account: button.dataset.account });
    location.assign(button.dataset.to);
  } catch (problem) {
    button.disabled = false;
    $("#problem").textContent = problem.message;
  }
});
