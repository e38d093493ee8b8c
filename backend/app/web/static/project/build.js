// Starting a build with what workers offer.

import { ask } from "../ask.js";
import { element, get, show } from "../dom.js";
import { onSubmit, read, tell } from "../form.js";
import { count } from "../format.js";
import { variablesOf } from "../variables.js";
import { id } from "./api.js";
import { submit } from "./job.js";
import { onKept } from "./kept.js";
import { lookUp } from "./lookup.js";

const form = get("build"), fields = form.elements;
let kept = {}, flows = [], pdks = [], presets = [];

function option(text, value, disabled = false) {
  const made = element("option", text);
  made.value = value;
  made.disabled = disabled;
  return made;
}

// `usual` is what a build has for which nothing is chosen.
function fill(name, options, usual) {
  const before = fields[name].value;
  if (kept[name]) usual = `as the project keeps: ${kept[name]}`;
  fields[name].replaceChildren(option(usual, ""), ...options);
  fields[name].value = before;
  if (fields[name].selectedIndex < 0) fields[name].value = "";
}

function usualOf(choice) {
  return choice ? `${choice.name}, or the config file's` : "the usual one";
}

const usualFlow = () => flows.find((one) => one.is_usual);

function draw() {
  const options = flows.map((one) => option(one.why_not ? `${one.name} (no worker can run it)` : one.name, one.name, Boolean(one.why_not)));
  fill("flow", options, usualOf(usualFlow()));
  fill("preset", presets.map(({ name }) => option(name, name)), "none");
  drawForFlow();
  get("preset-words").textContent = (presets.find(({ name }) => name === fields.preset.value) || { summary: "" }).summary;
}

const chosenFlow = () => fields.flow.value || kept.flow;

// The PDKs and the steps are those of the flow.
function drawForFlow() {
  const name = chosenFlow();
  const flow = flows.find((one) => one.name === name) || usualFlow();
  const fitting = pdks.filter((pdk) => !flow || pdk.flows.includes(flow.name));
  const options = (name ? fitting : pdks).map((pdk) => option(`${pdk.name} ${pdk.version}`, `${pdk.name} ${pdk.version}`));
  fill("pdk", options, usualOf(fitting.find((pdk) => pdk.is_usual) || fitting[0]));
  const steps = flow ? flow.steps.map((step) => option(step.name, step.id)) : [];
  fill("to", steps, "the end");
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
lookUp(() => chosenFlow() || usualFlow()?.name);
onKept((choices) => {
  kept = choices;
  draw();
});
Promise.all(["flows", "pdks", "presets"].map((what) => ask(`/api/v1/builds/${what}`))).then((told) => {
  [flows, pdks, presets] = told;
  draw();
}).catch((error) => tell(form, error));
