// The files that the job produced, by kind.

import { element, get, group, link, row, show, table } from "../dom.js";
import { bytes, count } from "../format.js";

// Kinds in the order in which they are shown; others come after them.
const KINDS = [
  ["gds", "GDSII"], ["oas", "OASIS"], ["lef", "LEF"], ["def", "DEF"], ["odb", "OpenDB"], ["mag", "Magic"],
  ["netlist", "Netlist"], ["header", "Header"], ["spef", "SPEF"], ["sdf", "SDF"], ["sdc", "SDC"], ["lib", "LIB"],
  ["spice", "SPICE"], ["cdl", "CDL"], ["waveform", "Waveform"], ["picture", "Picture"], ["metrics", "Metrics"],
  ["report", "Report"], ["drc", "DRC"], ["lvs", "LVS"], ["log", "Log"], ["config", "Config"], ["other", "Other"],
];
// So many files of a kind are shown without being asked for.
const FEW = 6;

let drawn = "";

export function drawArtifacts(artifacts) {
  const made = JSON.stringify(artifacts);
  if (made === drawn) return;
  drawn = made;
  show("files", artifacts.length > 0);
  const total = artifacts.reduce((sum, one) => sum + one.size, 0);
  get("files-count").textContent = `${count(artifacts.length, "file")}, ${bytes(total)}`;
  get("artifacts").replaceChildren(...kindsOf(artifacts).map(([title, files]) => kindOf(title, files)));
  drawPicture(artifacts);
}

function kindsOf(artifacts) {
  const byKind = new Map(KINDS.map(([kind]) => [kind, []]));
  for (const one of artifacts) {
    if (!byKind.has(one.kind)) byKind.set(one.kind, []);
    byKind.get(one.kind).push(one);
  }
  const titles = new Map(KINDS);
  return [...byKind].filter(([, files]) => files.length)
    .map(([kind, files]) => [titles.get(kind) || kind, files]);
}

function kindOf(title, files) {
  const rank = (file) => (file.name.startsWith("final/") ? 0 : 1);
  files.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }));
  const size = files.reduce((sum, one) => sum + one.size, 0);
  const summary = group("summary", "", element("b", title), " ",
    element("span", `${count(files.length, "file")}, ${bytes(size)}`, "faint"));
  const rows = files.map((one) => row(group("td", "", link(one.name, one.url)),
    element("td", bytes(one.size), "number")));
  const details = group("details", "kind", summary, table([["Name"], ["Size", "number"]], rows));
  details.open = files.length <= FEW;
  return details;
}

function drawPicture(artifacts) {
  const pictures = artifacts.filter((one) => one.name.endsWith(".png"));
  const picture = pictures.find((one) => one.name.startsWith("final/")) || pictures[0];
  show("layout", Boolean(picture));
  if (!picture) return;
  get("picture").src = picture.url;
  get("picture-link").href = picture.url;
}
