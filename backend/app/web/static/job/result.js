// What the job came to: the verdict and why, the main figures, timing by corner, all metrics by group.

import { decoration, element, get, group, link, row, show, sign, table } from "../dom.js";
import { figure, number } from "../format.js";
import { openStep } from "./steps.js";

// What the box says of a verdict, its colour, and the mark beside it.
const VERDICTS = {
  clean: ["Clean", "good", "✓"],
  passed: ["Passed", "good", "✓"],
  violations: ["Finished, with violations", "violations", "!"],
  failed: ["Failed", "bad", "✗"],
};

let drawn = "";

export function drawResult(job, result) {
  const made = JSON.stringify([job.status, result]);
  if (made === drawn) return;
  drawn = made;
  drawOutcome(job, result);
  drawHeadline(result.headline);
  drawTiming(result.timing);
  drawGroups(result.groups);
}

function drawOutcome(job, result) {
  show("outcome", true);
  show("report", job.job_type === "build");
  const [title, kind, mark] = outcomeOf(job, result);
  get("outcome").className = `card outcome ${kind}`;
  get("outcome-title").replaceChildren(decoration(mark), ` ${title}`);
  const { violations, tolerated, failure } = result;
  get("outcome-more").replaceChildren(...[
    failure ? failureOf(failure, job.steps) : null,
    violations.length ? violationsOf(violations) : null,
    violations.length && !failure ? failedOf(job.steps) : null,
    violations.length && tolerated.length ? toleratedOf(tolerated) : null, // else the message tells
    !failure && !violations.length && result.message ? element("p", result.message) : null,
  ].filter(Boolean));
}

function outcomeOf(job, { verdict, failure }) {
  if (failure && failure.name) return [`Failed in ${failure.name}`, "bad", "✗"];
  if (verdict in VERDICTS) return VERDICTS[verdict];
  return job.status === "cancelled" ? ["Cancelled", "violations", "–"] : [`The job ${job.status}`, "bad", "✗"];
}

function failureOf({ step, message, hint }, steps) {
  const failed = steps.findLast((one) => one.step === step);
  return group("div", "", message ? element("pre", message) : null,
    hint ? group("p", "hint", element("b", "What to do: "), hint) : null,
    failed ? group("p", "", stepLink(failed, `Step ${failed.ordinal}: its files and logs`)) : null);
}

// The steps that found the violations.
function failedOf(steps) {
  const failed = steps.filter((one) => one.status === "failed");
  const links = failed.flatMap((one, n) => [n ? ", " : "", stepLink(one, one.name)]);
  return failed.length ? group("p", "", "Found by: ", ...links) : null;
}

// Leads to a step and opens it.
function stepLink(step, words) {
  const made = link(words, `#step-${step.ordinal}`);
  made.addEventListener("click", () => { openStep(step.ordinal); });
  return made;
}

// What LibreLane by default only warns of.
function toleratedOf(tolerated) {
  return group("div", "", element("p", "Tolerated, as LibreLane does by default:"), violationsOf(tolerated));
}

function violationsOf(violations) {
  const list = element("ul");
  list.append(...violations.map((one) => element("li", one.text)));
  return list;
}

function drawHeadline(figures) {
  show("figures", figures.length > 0);
  get("headline-metrics").replaceChildren(...figures.flatMap(({ name, value, unit, good }) => {
    const words = `${figure(value)} ${unit}`.trim();
    const cell = element("dd", undefined, good === null ? "" : good ? "good" : "bad");
    cell.append(...(good === null ? [words] : [sign(good ? "✓" : "✗", good ? "good" : "bad"), ` ${words}`]));
    return [element("dt", name), cell];
  }));
}

const TIMING = [
  ["Setup slack", "setup_ws"], ["Setup TNS", "setup_tns"], ["Setup violations", "setup_violations"],
  ["Hold slack", "hold_ws"], ["Hold TNS", "hold_tns"], ["Hold violations", "hold_violations"],
  ["Slew violations", "slew_violations"], ["Cap violations", "cap_violations"],
  ["Fanout violations", "fanout_violations"],
];

function drawTiming(corners) {
  show("timing-card", corners.length > 0);
  const known = TIMING.filter(([, key]) => corners.some((corner) => corner[key] !== null));
  const rows = corners.map((corner) => row(element("td", corner.corner || "all together", "whole"),
    ...known.map(([, key]) => timingCell(key, corner[key]))));
  get("timing").replaceChildren(table([["Corner"], ...known.map(([name]) => [name, "number wrap"])], rows));
}

function timingCell(key, value) {
  if (value === null) return element("td", "–", "number");
  const plain = typeof value === "number" ? value : value === "-Infinity" ? -1 : 0;
  // That many nets have a large fanout breaks no chip.
  const bad = key.endsWith("violations") ? plain > 0 && key !== "fanout_violations" : plain < 0;
  const good = key.endsWith("_ws") && !bad;
  const cell = element("td", undefined, `number ${bad ? "bad" : good ? "good" : ""}`);
  cell.append(...(bad ? [sign("✗", "violated"), " "] : []), figure(value));
  return cell;
}

function drawGroups(groups) {
  show("metrics-card", groups.length > 0);
  get("metrics").replaceChildren(...groups.map(({ name, metrics }) => {
    const summary = group("summary", "", element("b", name), " ", element("span", metrics.length, "faint"));
    const heads = [["Metric"], ["Corner"], ["Value", "number"]];
    return group("details", "group", summary, table(heads, metrics.map(metricRow)));
  }));
  search();
}

function metricRow({ name, title, value, unit, corner }) {
  const shownUnit = unit && unit !== "count" && unit !== "1" ? ` ${unit}` : "";
  const made = row(group("td", "", title, element("br"), element("code", name, "faint")),
    element("td", corner || ""), element("td", number(value) + shownUnit, "number"));
  made.dataset.words = `${name} ${title} ${corner || ""}`.toLowerCase();
  return made;
}

// Show the metrics whose name, title or corner hold all words of the search.
function search() {
  const words = get("metrics-search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const details of get("metrics").children) {
    let here = 0;
    for (const one of details.querySelectorAll("tbody tr")) {
      one.hidden = !words.every((word) => one.dataset.words.includes(word));
      if (!one.hidden) here++;
    }
    details.hidden = here === 0;
    if (words.length) details.open = here > 0;
    found += here;
  }
  get("metrics-none").textContent = words.length ? (found ? `${found} found` : "No metric is called so.") : "";
}

get("metrics-search").addEventListener("input", search);
