// Running a build again from one of its finished steps, perhaps with other variables.

import { api, post } from "./api.js";
import { element, get, show } from "../dom.js";
import { variablesOf } from "../variables.js";

let chosen = null;

// Ask from which step on, up to which, and with which variables.
export function askForRestart(step, steps) {
  chosen = step.step;
  get("restart-step").textContent = step.name;
  const later = steps.filter((one) => one.ordinal >= step.ordinal);
  const options = later.map((one) => {
    const option = element("option", one.name);
    option.value = one.step;
    return option;
  });
  get("restart-to").replaceChildren(element("option", "the end"), ...options);
  get("restart-to").firstChild.value = "";
  show("restart-trouble", false);
  get("restart").showModal();
}

async function submit(event) {
  event.preventDefault();
  get("restart-go").disabled = true;
  try {
    const body = {
      from: chosen, to: get("restart-to").value || null, variables: variablesOf(get("restart-variables").value),
    };
    location.href = `/jobs/${(await post(`${api}/restart`, body)).id}`;
  } catch (error) {
    get("restart-trouble").textContent = error.message;
    show("restart-trouble", true);
  } finally {
    get("restart-go").disabled = false;
  }
}

get("restart-form").addEventListener("submit", submit);
get("restart-cancel").addEventListener("click", () => get("restart").close());
