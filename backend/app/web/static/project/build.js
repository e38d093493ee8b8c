// Starting a build with what workers offer.

import { ask } from "../ask.js";
import { element, get, show } from "../dom.js";
import { onSubmit, read, tell } from "../form.js";
import { count } from "../format.js";
import { variablesOf } from "../variables.js";
import { id } from "./api.js";
import { submit } from "./job.js";
import { onKept } from "./kept.js";

const form = get("build"), fields = form.elements;
// What each choice says when nothing is chosen.
const USUAL = { flow: "the usual one", pdk: "the usual one", preset: "none" };
let kept = {}, flows = [], pdks = [], presets = [];

function option(text, value, disabled = false) {
  const made = element("option", text);
  made.value = value;
  made.disabled = disabled;
  return made;
}

function fill(name, options) {
  const before = fields[name].value;
  const usual = kept[name] ? `as the project keeps: ${kept[name]}` : USUAL[name];
  fields[name].replaceChildren(option(usual, ""), ...options);
  fields[name].value = before;
  if (fields[name].selectedIndex < 0) fields[name].value = "";
}

function draw() {
  fill("flow", flows.map((one) => option(one.why_not ? `${one.name} (no worker can run it)` : one.name, one.name, Boolean(one.why_not))));
  fill("preset", presets.map(({ name }) => option(name, name)));
  drawForFlow();
  get("preset-words").textContent = (presets.find(({ name }) => name === fields.preset.value) || { summary: "" }).summary;
}

// The PDKs and the steps are those of the flow.
function drawForFlow() {
  const name = fields.flow.value || kept.flow;
  const flow = flows.find((one) => one.name === name);
  const fitting = pdks.filter((pdk) => !flow || pdk.flows.includes(flow.name));
  fill("pdk", fitting.map((pdk) => option(`${pdk.name} ${pdk.version}`, `${pdk.name} ${pdk.version}`)));
  const steps = flow ? flow.steps.map((step) => option(step.name, step.id)) : [];
  fields.to.replaceChildren(option("the end", ""), ...steps);
  fields.to.disabled = steps.length === 0;
  get("flow-words").textContent = flows.length ? ""
    : "No worker has told yet what it can build with; a build waits until one does.";
  drawRefused(flows.map((one) => one.why_not).filter(Boolean));
}

function drawRefused(reasons) {
  show("flow-refused", reasons.length > 0);
  const [summary, list] = get("flow-refused").children;
  summary.textContent = `Why ${count(reasons.length, "flow")} cannot be chosen`;
  list.replaceChildren(...reasons.map((one) => element("li", one)));
}

function configOf() {
  const config = {};
  for (const key of ["flow", "preset", "config_file", "keep", "to"]) {
    const value = fields[key].value.trim();
    if (value) config[key] = value;
  }
  const [pdk, version] = fields.pdk.value.split(" ");
  if (pdk) Object.assign(config, { pdk, pdk_version: version });
  const variables = read(fields.variables, variablesOf);
  if (Object.keys(variables).length) config.variables = variables;
  return config;
}

onSubmit(form, () => submit(`/api/v1/builds/${id}/build`, fields, configOf()));
fields.flow.addEventListener("change", drawForFlow);
fields.preset.addEventListener("change", draw);
onKept((choices) => {
  kept = choices;
  draw();
});
Promise.all(["flows", "pdks", "presets"].map((what) => ask(`/api/v1/builds/${what}`))).then((told) => {
  [flows, pdks, presets] = told;
  draw();
}).catch((error) => tell(form, error));
