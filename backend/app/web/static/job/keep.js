// How long the job stays: what the retention has removed or will, keeping it from that, deleting it.

import { api, send } from "./api.js";
import { get, show } from "../dom.js";

let pinned = false;

export function drawKeep(job, over) {
  pinned = job.pinned;
  get("pin").textContent = pinned ? "Unpin" : "Pin";
  get("pin").title = pinned ? "Let it be removed when its time has come" : "Keep it from being removed";
  get("pin").setAttribute("aria-pressed", pinned);
  show("pin", true);
  show("delete", over);
  get("delete").disabled = pinned;
  get("delete").title = pinned ? "Unpin it first" : "";
  get("kept").textContent = words(job);
  show("kept", Boolean(words(job)));
}

function words(job) {
  if (job.files_removed) return job.files_removed;
  if (job.pinned) return "Pinned: nothing of it is removed.";
  if (job.files_kept_until) return `Its files are kept until ${localTime(job.files_kept_until).slice(0, 10)} at least.`;
  return "";
}

export async function togglePin() {
  await send(pinned ? "DELETE" : "PUT", `${api}/pin`);
}

// Return whether the job was deleted.
export async function deleteJob() {
  const number = get("job").dataset.id;
  if (!window.confirm(`Delete job ${number} with its log and its artifacts? This cannot be undone.`)) return false;
  await send("DELETE", api);
  return true;
}
