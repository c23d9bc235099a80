// Where is what is opened from here? The place chosen last on this device, where there are several.
import { $ } from "./ask.js";

const box = $("#place");
const online = $("#quick")?.dataset.account;
const name = (practitioner) => `relais.place.${practitioner}`;
const last = (practitioner) => JSON.parse(localStorage.getItem(name(practitioner)) || "{}");

if (box) {
  const { key } = last(box.dataset.practitioner);
  if ([...box.options].some(({ value }) => value === key)) box.value = key;
  box.addEventListener("change", () => localStorage.setItem(name(box.dataset.practitioner), JSON.stringify(chosenPlace())));
}

/** Its key ("" = the main one, or the only one) and its words. Without a network: the place of the last time. */
export function chosenPlace(practitioner) {
  if (box) return { key: box.value, words: box.selectedOptions[0].textContent };
  return { key: "", words: "", ...(online ? {} : last(practitioner)) };
}
