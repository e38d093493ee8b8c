"use strict";

// The job page: one look at the job over the API, then its live events. All text of users and tools
// goes into the page as text (textContent), never as markup. The log itself: log.js.

const page = document.getElementById("job");
const api = `/api/v1/jobs/${page.dataset.id}`;
const get = (id) => document.getElementById(id);

// name, key(s) in LibreLane's metrics, unit, what is good
const MAIN_METRICS = [
  ["Cells", ["design__instance__count__stdcell", "design__instance__count"], ""],
  ["Core area", ["design__core__area"], "µm²"],
  ["Die area", ["design__die__area"], "µm²"],
  ["Utilization", ["design__instance__utilization"], ""],
  ["Worst setup slack", ["timing__setup__ws"], "ns", (v) => v >= 0],
  ["Worst hold slack", ["timing__hold__ws"], "ns", (v) => v >= 0],
  ["DRC errors", ["klayout__drc_error__count", "magic__drc_error__count"], "", (v) => v === 0],
  ["LVS errors", ["design__lvs_error__count"], "", (v) => v === 0],
  ["Wire length", ["route__wirelength"], "µm"],
  ["Simulation errors", ["simulation__errors"], "", (v) => v === 0],
  ["Simulation warnings", ["simulation__warnings"], ""],
];
const MARKS = { completed: "✓", failed: "✗", running: "●" };

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function show(id, visible) {
  get(id).hidden = !visible;
}

function seconds(value) {
  if (value === null || value === undefined) return "";
  if (value < 60) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

function bytes(size) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  for (; size >= 1024 && unit < 3; unit++) size /= 1024;
  return `${unit && size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

function number(value) {
  if (typeof value !== "number") return value;
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(6)));
}

function badge(id, word) {
  show(id, Boolean(word));
  get(id).textContent = word || "";
  get(id).className = `badge ${word || ""}`;
}

// What a step used, in words: for who points at it.
function used(step) {
  return [
    step.exit_code === null ? "" : `status ${step.exit_code}`,
    step.cpu_seconds === null ? "" : `CPU ${seconds(step.cpu_seconds)}`,
    step.peak_memory_bytes === null ? "" : `peak memory ${bytes(step.peak_memory_bytes)}`,
    step.disk_bytes === null ? "" : `folder ${bytes(step.disk_bytes)}`,
  ].filter(Boolean).join(" · ");
}

function drawSteps(steps) {
  get("steps").replaceChildren(...steps.map((step) => {
    const item = element("li", undefined, step.status);
    item.title = used(step);
    item.append(element("span", MARKS[step.status] || "", "mark"), element("span", step.name),
      element("span", step.peak_memory_bytes ? bytes(step.peak_memory_bytes) : "", "memory"),
      element("span", step.status === "running" ? "running" : seconds(step.seconds), "time"));
    return item;
  }));
  const running = get("steps").querySelector(".running");
  if (running) get("steps").scrollTop = running.offsetTop;
}

function drawMetrics(metrics) {
  const names = Object.keys(metrics);
  show("figures", names.length > 0);
  get("main-metrics").replaceChildren();
  for (const [name, keys, unit, isGood] of MAIN_METRICS) {
    const key = keys.find((one) => one in metrics);
    if (key === undefined) continue;
    const verdict = isGood ? (isGood(metrics[key]) ? "good" : "bad") : "";
    get("main-metrics").append(element("dt", name), element("dd", `${number(metrics[key])} ${unit}`, verdict));
  }
  get("metrics").replaceChildren(...names.map((name) => {
    const row = element("tr");
    row.append(element("td", name), element("td", number(metrics[name]), "number"));
    return row;
  }));
}

function drawAttempts(attempts) {
  show("tries", attempts.length > 1);
  get("attempts").replaceChildren(...attempts.map((one) => {
    const row = element("tr");
    row.append(element("td", one.number), element("td", one.worker),
      element("td", one.outcome || "running"), element("td", one.message || ""));
    return row;
  }));
}

function drawArtifacts(artifacts) {
  show("files", artifacts.length > 0);
  get("artifacts").replaceChildren(...artifacts.map((one) => {
    const row = element("tr"), cell = element("td"), link = element("a", one.name);
    link.href = one.url;
    cell.append(link);
    row.append(cell, element("td", one.kind), element("td", bytes(one.size), "number"));
    return row;
  }));
  const picture = artifacts.find((one) => one.name.endsWith(".png"));
  show("layout", Boolean(picture));
  if (picture && get("picture").getAttribute("src") !== picture.url) {
    get("picture").src = picture.url;
    get("picture-link").href = picture.url;
  }
}

let current = null;

function drawClock() {
  if (!current || !current.started_at) return;
  const end = current.ended_at ? new Date(current.ended_at) : new Date();
  const step = current.status === "running" && current.current_step ? ` · ${current.current_step}` : "";
  get("clock").textContent = seconds(Math.max(0, (end - new Date(current.started_at)) / 1000)) + step;
}

function draw(job) {
  current = job;
  const over = !["pending", "running"].includes(job.status);
  badge("status", job.status);
  badge("verdict", job.verdict);
  get("message").textContent = job.message || "";
  show("message", Boolean(job.message));
  show("cancel", !over);
  show("retry", over);
  get("cancel").disabled = job.cancel_requested;
  drawSteps(job.steps);
  drawMetrics(job.metrics);
  drawAttempts(job.attempts);
  drawClock();
}

async function ask(path, options) {
  const response = await fetch(path, options);
  if (response.status === 401) location.reload();
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || response.statusText);
  return body;
}

let refreshing = false, again = false;

async function refresh() {
  if (refreshing) { again = true; return; }
  refreshing = true;
  try {
    do {
      again = false;
      draw(await ask(api));
      drawArtifacts(await ask(`${api}/artifacts`));
      show("trouble", false);
    } while (again);
  } catch (error) {
    get("trouble").textContent = `Cannot reach a6hub: ${error.message}`;
    show("trouble", true);
  } finally {
    refreshing = false;
  }
}

const logView = new LogView(get("log"), get("log-cut"));
let shownAttempt = null;

function follow() {
  // The browser reconnects by itself and sends the last event's id, so no line is lost or doubled.
  const source = new EventSource(`${api}/log/follow`);
  source.addEventListener("log", (event) => {
    const { attempt, text } = JSON.parse(event.data);
    if (shownAttempt !== null && attempt !== shownAttempt) logView.add(`\n--- attempt ${attempt} ---\n`);
    shownAttempt = attempt;
    logView.add(text);
  });
  source.addEventListener("job", refresh);
  source.addEventListener("end", () => { source.close(); refresh(); });
}

// Does what a button is for; it stays disabled unless that fails.
async function press(button, action, then) {
  get(button).disabled = true;
  try {
    then(await ask(`${api}/${action}`, { method: "POST" }));
  } catch (error) {
    get(button).disabled = false;
    get("trouble").textContent = error.message;
    show("trouble", true);
  }
}

get("cancel").addEventListener("click", () => press("cancel", "cancel", refresh));
get("retry").addEventListener("click", () =>
  press("retry", "retry", (job) => { location.href = `/jobs/${job.id}`; }));

refresh();
follow();
setInterval(drawClock, 1000);
