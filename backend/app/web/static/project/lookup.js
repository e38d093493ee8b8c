// Looking LibreLane's variables up, and putting one into the field of variables.

import { ask } from "../ask.js";
import { element, get, group } from "../dom.js";
import { count } from "../format.js";

const MOST = 20, PAUSE = 250; // variables; milliseconds
const search = get("lookup-words");
let flow = () => "", waiting = null, asked = 0;

// `flowNow` returns the name of the flow whose variables are meant.
export function lookUp(flowNow) {
  flow = flowNow;
}

async function find() {
  const words = search.value.trim(), mine = ++asked;
  if (!words) return put("");
  const wanted = new URLSearchParams({ q: words, limit: MOST });
  if (flow()) wanted.set("flow", flow());
  try {
    const { total, variables } = await ask(`/api/v1/builds/variables?${wanted}`);
    if (mine === asked) put(wordsFor(total), variables);
  } catch (error) {
    if (mine === asked) put(error.message);
  }
}

function wordsFor(total) {
  if (!total) return "No variable is called so.";
  return total > MOST ? `The first ${MOST} of ${total}:` : `${count(total, "variable")}:`;
}

function put(words, variables = []) {
  get("lookup-count").textContent = words;
  get("lookup-found").replaceChildren(...variables.map(itemOf));
}

function itemOf(variable) {
  const head = group("p", "", element("code", variable.name), " ", element("small", kindOf(variable)), " ");
  if (!variable.refused) head.append(button(variable));
  return group("li", "", head, element("p", variable.refused || variable.description, "faint"));
}

function kindOf({ takes, units, is_pdk: isPdk, ...variable }) {
  const usual = variable.default === null ? "" : `, usually ${JSON.stringify(variable.default)}`;
  return `${takes}${units ? ` in ${units}` : ""}${isPdk ? ", usually as the PDK says" : usual}`;
}

function button({ name }) {
  const made = element("button", "Set", "quiet small");
  made.type = "button";
  made.setAttribute("aria-label", `Set ${name}`);
  made.addEventListener("click", () => set(name));
  return made;
}

// Begin a line for it, to be completed.
function set(name) {
  const field = get("build").elements.variables;
  const before = field.value.trimEnd();
  field.value = `${before}${before ? "\n" : ""}${name}=`;
  field.focus();
}

search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(find, PAUSE);
});
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault(); // it would start the build
  clearTimeout(waiting);
  find();
});
