// Putting files into the project: choosing, dropping, and what came of it.

import { Problem } from "../ask.js";
import { element, get, show } from "../dom.js";
import { bytes, count } from "../format.js";
import { chosen, dropped, sortOut } from "./choose.js";
import { drawFiles } from "./files.js";
import { sendArchive, sendFiles } from "./upload.js";

// What is being put, as a promise of whether all went well; null when nothing is.
let putting = null;

// What came of it. What is chosen meanwhile is put after it, and told of beside it.
let told = [], troubles = [], leftOut = [];

// Wait for what is being put: who runs a job right after choosing files means these.
export async function whenPut() {
  if ((await putting) === false) throw new Problem("The files could not be put here; see above.");
}

async function put(files) {
  if (putting === null) begin();
  const now = putAfter(putting, files, { keepTop: get("keep-top").checked, replace: get("replace").checked });
  putting = now;
  await now;
  if (putting !== now) return;
  putting = null;
  show("sending", false);
}

async function putAfter(before, files, options) {
  await Promise.allSettled([before, files]); // both awaited at once: a failure to read files is met below
  const well = await putAll(files, options);
  return well && (await before) !== false;
}

async function putAll(files, options) {
  let well = true;
  try {
    await send(sortOut(await files, options.keepTop), options);
  } catch (error) {
    troubles.push(wordsOf(error));
    say("put-trouble", troubles.join("\n"));
    well = false;
  }
  await drawFiles();
  return well;
}

async function send({ archives, files, leftOut: unwanted }, options) {
  if (options.replace && archives.length > 1) throw new Error("Only one archive can replace all.");
  const onSent = progress([...archives, ...files]);
  tellLeftOut(unwanted);
  for (const archive of archives) {
    const came = await sendArchive(archive, options, onSent);
    tellLeftOut(came.left_out);
    tellDone(`${archive.path}: ${changesOf(came)}.`);
  }
  await sendFiles(files, onSent);
  if (files.length) tellDone(`${count(files.length, "file was", "files were")} put here.`);
  if (told.length === 0) say("put-done", "There was no file to put here.");
}

function changesOf(came) {
  const words = ["added", "changed", "unchanged", "removed"];
  return words.filter((word) => came[word].length).map((word) => `${came[word].length} ${word}`).join(", ");
}

// The messages name the file; of what field of the request it was is no matter here.
function wordsOf(error) {
  const errors = error.errors || [];
  return errors.length ? errors.map((one) => one.message).join("\n") : error.message;
}

function progress(all) {
  const total = all.reduce((sum, { file }) => sum + file.size, 0);
  let sent = 0;
  show("sending", true);
  const onSent = (more) => {
    sent = Math.min(total, sent + more);
    get("sent").max = total || 1;
    get("sent").value = sent;
    get("sending-words").textContent = sent < total ? `${bytes(sent)} of ${bytes(total)}` : "Sent; being put in place …";
  };
  onSent(0);
  return onSent;
}

function begin() {
  [told, troubles, leftOut] = [[], [], []];
  for (const id of ["put-done", "put-trouble", "left-out"]) show(id, false);
}

function say(id, words) {
  get(id).textContent = words;
  show(id, true);
}

function tellDone(words) {
  told.push(words);
  say("put-done", told.join(" "));
}

function tellLeftOut(more) {
  leftOut.push(...more);
  show("left-out", leftOut.length > 0);
  const [summary, list] = get("left-out").children;
  summary.textContent = `${count(leftOut.length, "name was", "names were")} left out`;
  list.replaceChildren(...leftOut.map(({ path, reason }) => element("li", `${path}: ${reason}`)));
}

for (const id of ["choose-files", "choose-folder"]) {
  get(id).addEventListener("change", () => {
    const files = chosen(get(id));
    get(id).value = ""; // so that the same can be chosen again
    put(files);
  });
}

const drop = get("drop");
const over = (is) => (event) => {
  event.preventDefault();
  drop.classList.toggle("over", is);
};
drop.addEventListener("dragover", over(true));
drop.addEventListener("dragleave", over(false));
drop.addEventListener("drop", (event) => {
  over(false)(event);
  put(dropped(event.dataTransfer));
});
