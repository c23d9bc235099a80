// How is a part of the page asked for again? htmx fetches and morphs it; what is not the part is never put in its place.

document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  if (raw.redirected || raw.status === 401) location.assign("/"); // the session is over: one signs in there
  if (raw.redirected || !raw.ok) event.preventDefault();
});

const lines = new Map(); // by target: the last answer waited for, and what will be asked for next

/** Puts what `url` answers into `target`; resolves when it is there. A target is asked for one thing at a time; of what
    waits meanwhile the latest is asked for. A server that does not answer changes nothing: the connection's state says so. */
export function part(url, target, swap = "outerMorph") {
  if (!lines.has(target)) lines.set(target, { last: Promise.resolve(), next: null });
  const line = lines.get(target);
  if (!line.next) line.last = line.last.then(() => take(line, target));
  line.next = { url, swap };
  return line.last;
}

async function take(line, target) {
  const { url, swap } = line.next;
  line.next = null;
  try {
    await htmx.ajax("GET", url, { source: target, target, swap }); // htmx would let all wait for one another, and drop some
  } catch {
    // said by live.js
  }
}
