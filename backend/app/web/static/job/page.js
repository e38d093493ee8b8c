// The job page: one look at the job over the API, then its live events. The log itself: ../log.js.

import { api, ask, post } from "./api.js";
import { drawArtifacts } from "./artifacts.js";
import { badge, element, get, row, show } from "../dom.js";
import { seconds } from "../format.js";
import { deleteJob, drawKeep, togglePin } from "./keep.js";
import { askForRestart } from "./restart.js";
import { drawResult } from "./result.js";
import { drawRun } from "./run.js";
import { drawSteps } from "./steps.js";

let current = null;

const isOver = (job) => !["pending", "running"].includes(job.status);

function drawClock() {
  if (!current || !current.started_at) return;
  const end = current.ended_at ? new Date(current.ended_at) : new Date();
  const step = current.status === "running" && current.current_step ? ` · ${current.current_step}` : "";
  get("clock").textContent = seconds(Math.max(0, (end - new Date(current.started_at)) / 1000)) + step;
}

function drawAttempts(attempts) {
  show("tries", attempts.length > 1);
  get("attempts").replaceChildren(...attempts.map((one) => row(
    element("td", one.number), element("td", one.worker),
    element("td", one.outcome || "running"), element("td", one.message || ""))));
}

function draw(job) {
  current = job;
  const over = isOver(job);
  badge("status", job.status);
  badge("verdict", job.verdict === job.status ? null : job.verdict); // failed, failed
  show("cancel", !over);
  show("retry", over);
  get("cancel").disabled = job.cancel_requested;
  drawKeep(job, over);
  drawSteps(job, over && job.job_type === "build" ? (step) => askForRestart(step, job.steps) : null);
  drawAttempts(job.attempts);
  drawRun(job);
  get("waits").textContent = job.waits_for || "";
  show("waits", Boolean(job.waits_for));
  drawClock();
  document.title = `${job.verdict || job.status}: ${title}`;
}

const title = document.title;

function trouble(words) {
  get("trouble").textContent = words;
  show("trouble", Boolean(words));
}

let refreshing = false, again = false, isGone = false;

// One look at a time; who asks for one meanwhile gets another after it, also if it fails.
async function refresh() {
  if (refreshing) { again = true; return; }
  refreshing = true;
  do {
    again = false;
    await look();
  } while (again);
  refreshing = false;
}

async function look() {
  try {
    draw(await ask(api));
    if (isOver(current)) {
      drawArtifacts(current.files_removed ? [] : await ask(`${api}/artifacts`));
      drawResult(current, await ask(`${api}/result`));
    }
    trouble("");
  } catch (error) {
    isGone = [404, 410].includes(error.status);
    trouble(error.status ? error.message : `Cannot reach a6hub: ${error.message}`);
  }
}

const logView = new LogView(get("log"), get("log-cut"));
let shownAttempt = null, place = ""; // ATTEMPT:OFFSET behind what is shown
const PAUSE = 2000; // milliseconds

function follow() {
  // No line is lost or doubled: the browser reconnects by itself and sends the last event's id.
  const [attempt, offset] = place.split(":");
  const source = new EventSource(`${api}/log/follow${place && `?attempt=${attempt}&offset=${offset}`}`);
  source.addEventListener("log", (event) => {
    place = event.lastEventId;
    const { attempt, text } = JSON.parse(event.data);
    if (shownAttempt !== null && attempt !== shownAttempt) logView.add(`\n--- attempt ${attempt} ---\n`);
    shownAttempt = attempt;
    logView.add(text);
  });
  source.addEventListener("job", refresh);
  source.addEventListener("end", () => { source.close(); refresh(); });
  source.addEventListener("open", () => { if (!get("trouble").hidden) refresh(); });
  source.addEventListener("error", () => lost(source));
}

// The browser gives up where a proxy answers for an API that is being started again.
async function lost(source) {
  if (source.readyState !== EventSource.CLOSED) {
    trouble("a6hub does not answer; this may be out of date.");
    return;
  }
  await refresh();
  if (!isGone) setTimeout(follow, PAUSE);
}

// Does what a button is for; it stays disabled unless that fails.
async function press(button, action, then) {
  get(button).disabled = true;
  try {
    then(await action());
  } catch (error) {
    get(button).disabled = false;
    trouble(error.message);
  }
}

// Has a button do something.
function on(button, action, then) {
  get(button).addEventListener("click", () => press(button, action, then));
}

on("cancel", () => post(`${api}/cancel`), refresh);
on("retry", () => post(`${api}/retry`), (job) => { location.href = `/jobs/${job.id}`; });
on("pin", togglePin, () => { get("pin").disabled = false; refresh(); });
on("delete", deleteJob, (done) => { if (done) location.href = "/"; else get("delete").disabled = false; });

refresh();
if (!get("log-card").hidden) follow();
setInterval(drawClock, 1000);
// Nobody tells of workers that come and go.
setInterval(() => { if (current && current.status === "pending") refresh(); }, 10000);
