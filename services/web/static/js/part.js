// How is a part of the page asked for again? htmx fetches and morphs it; what is not the part is never put in its place.

document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  if (raw.redirected || raw.status === 401) location.assign("/"); // the session is over: one signs in there
  if (raw.redirected || !raw.ok) event.preventDefault();
});

/** Puts what `url` answers into `target`. A server that does not answer changes nothing: the connection's state says so. */
export async function part(url, target, swap = "outerMorph") {
  try {
    await htmx.ajax("GET", url, { target, swap });
  } catch {
    // said by live.js
  }
}
