// How does a phone say that it may be woken for an alert? One button, shown only where it can work.
import { $, ask } from "./ask.js";
import { toast } from "./toast.js";

const button = $("#push");

const octets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

navigator.serviceWorker?.register("/sw.js").catch(() => null);
async function offer() {
  if (!button || !("PushManager" in window) || Notification.permission === "denied") return;
  const { key } = await ask("GET", "/api/push");
  const worker = key && (await navigator.serviceWorker.ready);
  if (!worker || (await worker.pushManager.getSubscription())) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: octets(key) });
      const { endpoint, keys } = made.toJSON();
      await ask("POST", "/api/push", { endpoint, keys });
      button.hidden = true;
      toast("Ce téléphone sera prévenu.");
    } catch (problem) {
      toast(Notification.permission === "denied" ? "Le navigateur refuse les notifications\u00a0: autorisez-les dans ses réglages." : problem.message, { seconds: 10 });
    }
  });
}
offer().catch(() => null); // without it the page works all the same: an SMS comes
