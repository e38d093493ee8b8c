// The steps: how far the job is, and what each took. What else there is of one: step.js.

import { element, get, group, show, sign } from "../dom.js";
import { bytes, count, seconds, wholeSeconds } from "../format.js";
import { moreOf } from "./step.js";

const MARKS = { completed: "✓", failed: "✗", running: "●", pending: "○" };
const WORDS = { completed: "done", failed: "failed", running: "running", pending: "to come" };

const shown = new Map(); // ordinal -> what its item was made of, and the item

// `onRestart` is called with a step from which to run again, or is null where that cannot be.
export function drawSteps(job, onRestart) {
  const steps = job.steps, longest = Math.max(...steps.map((step) => step.seconds || 0), 1e-9);
  show("steps-card", steps.length > 0);
  drawProgress(job);
  const items = steps.map((step) => itemOf(step, (step.seconds || 0) / longest, onRestart));
  for (const ordinal of [...shown.keys()]) if (ordinal > steps.length) shown.delete(ordinal);
  const list = get("steps");
  if (items.length !== list.children.length || items.some((item, n) => item !== list.children[n])) {
    const focused = document.activeElement;
    list.replaceChildren(...items);
    if (list.contains(focused)) focused.focus();
  }
  keepInView(list, steps);
}

// Open a step that has begun, with its files.
export function openStep(ordinal) {
  const details = get(`step-${ordinal}`).querySelector("details");
  if (details.children.length === 1) details.addEventListener("toggle", openFiles, { once: true });
  details.open = true;
  if (details.children.length > 1) openFiles({ target: details });
}

function openFiles({ target }) {
  const files = target.querySelector(".files");
  if (files) files.open = true;
}

let lastRunning = null;

function keepInView(list, steps) {
  const running = steps.findIndex((step) => step.status === "running");
  if (running < 0 || running === lastRunning) return;
  lastRunning = running;
  const item = list.children[running];
  list.scrollTop = item.offsetTop - list.offsetTop - list.clientHeight / 2;
}

function drawProgress(job) {
  const steps = job.steps, over = steps.filter((step) => !["pending", "running"].includes(step.status));
  const at = Math.min(over.length + 1, steps.length);
  const going = job.status === "running";
  const spent = steps.reduce((sum, step) => sum + (step.seconds || 0), 0);
  // The step in which a job was cancelled has not failed by itself.
  const failed = job.status === "cancelled" ? 0 : steps.filter((step) => step.status === "failed").length;
  get("steps-count").textContent = going ? `step ${at} of ${steps.length}`
    : [count(over.length, "step"), spent ? seconds(spent) : "", failed ? `${failed} failed` : ""].filter(Boolean).join(", ");
  show("steps-progress", going);
  get("steps-progress").max = steps.length;
  get("steps-progress").value = over.length;
  const left = job.estimate_seconds;
  get("steps-left").textContent = left === null ? "" : `about ${wholeSeconds(left)} left`;
}

function itemOf(step, share, onRestart) {
  const made = JSON.stringify([step, share.toFixed(3), Boolean(onRestart)]);
  const old = shown.get(step.ordinal);
  if (old && old.made === made) return old.item;
  const item = draw(step, share, onRestart);
  const details = item.firstChild;
  if (old && old.item.firstChild.open && details.tagName === "DETAILS") details.open = true;
  shown.set(step.ordinal, { made, item });
  return item;
}

function draw(step, share, onRestart) {
  const item = element("li", undefined, step.status);
  item.id = `step-${step.ordinal}`;
  const head = headOf(step, share);
  if (step.status === "pending") {
    item.append(group("div", "step", ...head));
    return item;
  }
  const details = element("details");
  details.append(group("summary", "step", ...head));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(moreOf(step, onRestart));
  });
  item.append(details);
  return item;
}

function headOf(step, share) {
  const bar = group("span", "bar", element("i"));
  bar.firstChild.style.width = `${(100 * share).toFixed(1)}%`;
  bar.setAttribute("aria-hidden", "true");
  const notes = group("span", "counts",
    step.error_count ? element("span", count(step.error_count, "error"), "count bad") : null,
    step.warning_count ? element("span", count(step.warning_count, "warning"), "count warn") : null);
  return [
    sign(MARKS[step.status] || "", WORDS[step.status] || step.status, "mark"),
    element("span", step.ordinal, "ordinal"), element("span", step.name, "name"), notes, bar,
    element("span", step.peak_memory_bytes ? bytes(step.peak_memory_bytes) : "", "memory"),
    element("span", step.status === "running" ? "running" : seconds(step.seconds), "time"),
  ];
}
