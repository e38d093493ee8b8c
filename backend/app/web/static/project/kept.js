// The config that the project keeps for its builds, as lines KEY=VALUE.

import { ask, send } from "../ask.js";
import { get } from "../dom.js";
import { onSubmit, read, tell } from "../form.js";
import { count } from "../format.js";
import { textOf, variablesOf } from "../variables.js";
import { id } from "./api.js";

const url = `/api/v1/builds/${id}/build/config`;
const form = get("kept");
const listeners = [];

// Has a function be told what is kept, now and whenever it changes.
export function onKept(listener) {
  listeners.push(listener);
}

function draw({ variables, ...choices }) {
  const given = Object.entries(choices).filter(([, value]) => value !== null);
  const all = { ...Object.fromEntries(given), ...variables };
  form.elements.config.value = textOf(all);
  const many = Object.keys(all).length;
  get("kept-count").textContent = many ? count(many, "value") : "nothing is kept";
  listeners.forEach((listener) => listener(choices));
}

async function keep({ config }) {
  form.querySelector(".done").textContent = "";
  draw(await send("PUT", url, read(config, variablesOf)));
  form.querySelector(".done").textContent = "Kept.";
}

// Nothing is written, or kept, before it is known what is there: one would take the other's place.
ask(url).then((kept) => {
  draw(kept);
  form.elements.config.disabled = false;
  onSubmit(form, keep);
}).catch((error) => tell(form, error));
