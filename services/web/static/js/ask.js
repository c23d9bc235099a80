// How does a page ask the server for something? One JSON door, and errors in words of action.

/** The server could not be reached, or did not answer in time: nothing is known of what was done. */
export class NoAnswer extends Error {}

/** The server said no. `problem` is RFC 9457: title, detail, errors [{field, detail}]; `status` its HTTP status, `type` its name. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.type = problem.type || "";
    this.errors = problem.errors || [];
  }
}

/** Sends `body` as JSON, or a file as it is; the answer's JSON. Throws NoAnswer or Refused. */
export async function ask(method, url, body, { headers = {}, signal } = {}) {
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers: { Accept: "application/json", ...(body ? { "Content-Type": body instanceof Blob ? "application/octet-stream" : "application/json" } : {}), ...headers },
      body: body instanceof Blob ? body : body ? JSON.stringify(body) : undefined,
      signal: signal || AbortSignal.timeout(15000),
    });
  } catch (lost) {
    if (signal?.aborted) throw lost;
    throw new NoAnswer("Le serveur ne répond pas.");
  }
  if (answer.status >= 502) throw new NoAnswer("Le serveur ne répond pas.");
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401) location.assign("/");
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

export const $ = (selector, within = document) => within.querySelector(selector);
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

/** An element with properties and children: make("p", { className: "soft" }, "Bonjour"). Text is never HTML. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An icon of the sprite, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${name === "triangle" ? "/static/marks.svg" : "/static/vendor/icons.svg"}#i-${name}`);
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}
