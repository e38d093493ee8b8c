// The project's files: looking at them, removing them.

import { ask, send } from "../ask.js";
import { element, get, group, link, row, show, table } from "../dom.js";
import { bytes, count } from "../format.js";
import { api, mine } from "./api.js";
import { view } from "./view.js";

let asked = 0; // how often

// What was asked for last is shown, in whatever order the answers come.
export async function drawFiles() {
  const own = ++asked;
  try {
    const files = await ask(`${api}/files`);
    if (own !== asked) return;
    draw(files);
    trouble("");
  } catch (error) {
    if (own === asked) trouble(`Cannot reach a6hub: ${error.message}`);
  }
}

function draw(files) {
  const size = files.reduce((sum, one) => sum + one.size, 0);
  get("files-count").textContent = files.length ? `${count(files.length, "file")}, ${bytes(size)}` : "";
  const heads = [["File"], ["Size", "number"], ...(mine === undefined ? [] : [["", "number"]])];
  get("files-list").replaceChildren(files.length ? table(heads, files.map(rowOf))
    : element("p", "No files yet.", "faint"));
}

function rowOf(file) {
  const url = `${api}/files/${file.path.split("/").map(encodeURIComponent).join("/")}`;
  const name = link(file.path, url);
  name.download = "";
  name.addEventListener("click", (event) => view(event, file, url));
  const cells = [group("td", "", name), element("td", bytes(file.size), "number")];
  if (mine !== undefined) cells.push(group("td", "number", removing(file, url)));
  return row(...cells);
}

function removing(file, url) {
  const button = element("button", "Remove", "quiet small");
  button.type = "button";
  button.setAttribute("aria-label", `Remove ${file.path}`);
  button.addEventListener("click", async () => {
    if (!window.confirm(`Remove ${file.path} from the project? Jobs that have it keep it.`)) return;
    button.disabled = true;
    try {
      await send("DELETE", url);
      await drawFiles();
      get("files-list").focus();
    } catch (error) {
      button.disabled = false;
      trouble(error.message);
    }
  });
  return button;
}

function trouble(words) {
  get("files-trouble").textContent = words;
  show("files-trouble", Boolean(words));
}
