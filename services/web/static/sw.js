// What is there without a network? The page that opens slots, and what it is made of; never anybody's data.
const CACHE = "relais-1";
const PAGE = "/me/offline";
const PARTS = [PAGE, "/static/relais.css", "/static/me.css", "/static/relais.svg", "/static/marks.svg", "/static/manifest.webmanifest",
  "/static/vendor/icons.svg", ...["ask", "clock", "toast", "queue", "place", "quick"].map((name) => `/static/js/${name}.js`)];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(PARTS)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => {
  const others = caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(others.then(() => clients.claim()));
});

/** The network first, so that nothing old is shown where something new can be had. */
async function fresh(request, instead) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok && !instead) cache.put(request, answer.clone());
    return answer;
  } catch (away) {
    const kept = await cache.match(instead || request);
    if (kept) return kept;
    throw away;
  }
}

// An alert: always shown, and said to be; opening it is a human's answer.
const seen = (id, opened) => fetch("/push/seen", { method: "POST", keepalive: true,
  headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id, opened }) }).catch(() => null);
addEventListener("push", (event) => {
  const { id, text } = event.data.json();
  const shown = registration.showNotification("Relais", { body: text, tag: id, data: { id, text }, requireInteraction: true });
  event.waitUntil(shown.then(() => seen(id, false)));
});
addEventListener("notificationclick", (event) => {
  const { id, text } = event.notification.data;
  const link = text.match(/https?:\/\/\S+[\w/]/); // where the text leads, on this host: who is on call has no page of a practitioner
  event.notification.close();
  event.waitUntil(Promise.all([seen(id, true), clients.openWindow(link ? new URL(link[0]).pathname : "/me")]));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && (pathname === "/me" || pathname.startsWith("/me/"))) event.respondWith(fresh(request, PAGE));
  else if (PARTS.includes(pathname)) event.respondWith(fresh(request));
});
