// How the job was run: its config, when and where, and with which tools.

import { element, get } from "../dom.js";
import { seconds } from "../format.js";
import { textOf } from "../variables.js";

let drawn = "";

export function drawRun(job) {
  const facts = factsOf(job), lines = linesOf(job);
  const made = JSON.stringify([facts, lines]);
  if (made === drawn) return;
  drawn = made;
  get("run").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), valueOf(value)]),
    ...lines.flatMap(([name, text]) => [element("dt", name), element("dd", text, "lines")]));
}

function factsOf({ config, details, attempts, ...job }) {
  const { name, version } = details.pdk || { name: config.pdk, version: config.pdk_version };
  const { librelane } = details.versions || {};
  return [
    ["Flow", config.flow], ["PDK", [name, version].filter(Boolean).join(" ")], ["Preset", config.preset],
    ["Config file", config.config_file], ["From", config.from], ["Up to", config.to],
    ["Top module", config.top], ["Timescale", config.timescale], ["LibreLane", librelane],
    ["Started", { moment: job.started_at }], ["Ended", { moment: job.ended_at }],
    ["Worker", attempts.length ? attempts.at(-1).worker : ""],
    ["Priority", job.priority], ["May run for", seconds(job.max_seconds)],
  ].filter(([, value]) => value && value.moment !== null);
}

// What fills lines: as the forms of the project take it.
function linesOf({ config }) {
  const lists = [["Files", "files"], ["Include folders", "include_dirs"], ["Plusargs", "plusargs"]];
  return [
    ["Variables", textOf(config.variables || {})], ["Macros", Object.entries(config.defines || {}).map((one) => one.join("=")).join("\n")],
    ...lists.map(([name, key]) => [name, (config[key] || []).join("\n")]),
  ].filter(([, text]) => text);
}

function valueOf(value) {
  const made = element("dd");
  made.append(value.moment ? timeOf(value.moment) : value);
  return made;
}

// As the server writes it; see times.js.
function timeOf(at) {
  const made = element("time", `${at.slice(0, 16).replace("T", " ")} UTC`);
  made.dateTime = at;
  return made;
}
