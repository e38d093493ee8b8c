// What is shown of a step that is opened: what it said, changed and left, and running again from it.

import { api, ask } from "./api.js";
import { element, group, link, row, table } from "../dom.js";
import { bytes, count, number, seconds } from "../format.js";

// What the files of a step are sorted by: what people look at comes first.
const FIRST = [/\.log$/, /\.rpt$/, /\.(png|svg)$/];

export function moreOf(step, onRestart) {
  const more = group("div", "more", element("p", used(step), "faint"));
  for (const [title, kind, texts, all] of [
    ["Errors", "bad", step.notes.errors, step.error_count],
    ["Warnings", "warn", step.notes.warnings, step.warning_count],
  ]) if (texts.length) more.append(notesOf(title, kind, texts, all));
  const changes = Object.entries(step.metric_changes);
  if (changes.length) more.append(changesOf(changes));
  if (step.status !== "running") {
    more.append(filesOf(step));
    if (onRestart) more.append(restartOf(step, onRestart));
  }
  return more;
}

// What a step used, in words.
function used(step) {
  return [
    step.step,
    step.exit_code === null ? "" : `status ${step.exit_code}`,
    step.cpu_seconds === null ? "" : `CPU ${seconds(step.cpu_seconds)}`,
    step.peak_memory_bytes === null ? "" : `peak memory ${bytes(step.peak_memory_bytes)}`,
    step.disk_bytes === null ? "" : `folder ${bytes(step.disk_bytes)}`,
  ].filter(Boolean).join(" · ");
}

function notesOf(title, kind, texts, all) {
  const rest = all > texts.length ? ` (the first ${texts.length} of ${all.toLocaleString("en")})` : "";
  const list = element("ul", undefined, `notes ${kind}`);
  list.append(...texts.map((text) => element("li", text)));
  return group("div", "", element("h3", title + rest), list);
}

function changesOf(changes) {
  const rows = changes.map(([name, [before, after]]) => row(element("td", name),
    element("td", number(before), "number"), element("td", number(after), "number")));
  const heads = [["Metric"], ["Before", "number"], ["After", "number"]];
  return group("details", "", element("summary", count(rows.length, "metric changed", "metrics changed")),
    table(heads, rows));
}

function filesOf(step) {
  const details = group("details", "files", element("summary", "Files and logs"));
  details.addEventListener("toggle", async () => {
    if (!details.open || details.children.length > 1) return;
    const place = element("p", "…", "faint");
    details.append(place);
    try {
      place.replaceWith(fileTable(await filesFor(step)));
    } catch (error) {
      place.textContent = error.message;
    }
  });
  return details;
}

// Return all files of a step, or, where they are not kept (it failed), those that are artifacts.
async function filesFor(step) {
  try {
    return await ask(`${api}/steps/${step.ordinal}/files`);
  } catch (error) {
    const folder = step.folder && `${step.folder.split("/").pop()}/`;
    const artifacts = folder ? await ask(`${api}/artifacts`) : [];
    const own = artifacts.filter((one) => one.name.startsWith(folder));
    if (own.length === 0) throw error;
    return own.map((one) => ({ ...one, path: one.name.slice(folder.length) }));
  }
}

function rank(path) {
  const place = FIRST.findIndex((pattern) => pattern.test(path));
  return place < 0 ? FIRST.length : place;
}

function fileTable(files) {
  files.sort((a, b) => rank(a.path) - rank(b.path) || a.path.localeCompare(b.path));
  const rows = files.map((file) => row(group("td", "", link(file.path, file.url)),
    element("td", bytes(file.size), "number")));
  return table([["File"], ["Size", "number"]], rows);
}

function restartOf(step, onRestart) {
  const button = element("button", "Run from here", "quiet");
  button.type = "button";
  button.addEventListener("click", () => onRestart(step));
  return group("p", "", button);
}
