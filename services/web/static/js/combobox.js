// How does one choose from a long list by typing? WAI-ARIA combobox with a list: arrows, Enter, Tab, Esc.
import { $, make } from "./ask.js";

/**
 * Makes `input` (role=combobox, its listbox named by aria-controls) a type-ahead.
 * `find(text, signal)` resolves to [{ value, label, hint }]; `chosen(option | null)` is told of every change.
 * The first option is always marked, so that a few letters and Enter (or Tab) are enough.
 */
export class Combobox {
  constructor(input, { find, chosen = () => {}, least = 2 }) {
    Object.assign(this, { input, find, chosen, least, options: [], at: -1, value: "" });
    this.list = $(`#${input.getAttribute("aria-controls")}`);
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.leave());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.at));
    });
  }

  get open() { return !this.list.hidden; }

  async typed() {
    if (this.value) this.set(null, this.input.value);
    this.asking?.abort();
    const text = this.input.value.trim();
    if (text.length < this.least) {
      this.options = [];
      return this.close();
    }
    this.asking = new AbortController();
    this.found = this.find(text, this.asking.signal)
      .then((options) => this.show(options))
      .catch((stopped) => { if (stopped.name !== "AbortError") this.close(); });
    await this.found;
  }

  show(options) {
    this.options = options;
    if (document.activeElement !== this.input) return;
    this.list.replaceChildren(...options.map(({ label, hint }, at) => {
      const item = make("li", { id: `${this.list.id}-${at}` }, make("span", {}, label), make("span", { className: "soft small" }, hint || ""));
      item.setAttribute("role", "option");
      item.dataset.at = at;
      return item;
    }));
    this.list.hidden = options.length === 0;
    this.input.setAttribute("aria-expanded", String(this.open));
    this.mark(options.length ? 0 : -1);
    this.say(options.length ? `${options.length} choix` : "Aucun choix");
  }

  say(words) {
    const place = $(`#${this.list.id}-said`);
    if (place) place.textContent = words;
  }

  mark(at) {
    this.at = at;
    [...this.list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === at)));
    const marked = this.list.children[at];
    marked?.scrollIntoView({ block: "nearest" });
    if (marked) this.input.setAttribute("aria-activedescendant", marked.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.mark(-1);
  }

  choose(at) {
    const option = this.options[at];
    if (option) this.set(option, option.label);
    this.close();
  }

  /** Puts a choice (or none) in the field. */
  set(option, text = "") {
    this.value = option?.value || "";
    this.input.value = text;
    this.chosen(option);
  }

  async key(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!this.open) return this.typed();
      const step = key === "ArrowDown" ? 1 : -1;
      this.mark((this.at + step + this.options.length) % this.options.length);
    } else if (key === "Enter" && !this.value && this.input.value.trim().length >= this.least) {
      event.preventDefault();
      event.stopPropagation();
      await this.found; // someone types faster than the answer comes
      if (this.open && this.at >= 0) {
        this.choose(this.at);
        this.input.dispatchEvent(new CustomEvent("combobox:next", { bubbles: true }));
      }
    } else if (key === "Escape" && this.open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  /** Leaving with Tab takes the marked option, as Enter does, even when the answer comes after the Tab. */
  async leave() {
    if (!this.value && this.input.value.trim().length >= this.least) {
      await this.found;
      if (document.activeElement !== this.input && !this.value) this.choose(Math.max(this.at, 0));
    }
    this.close();
  }
}
