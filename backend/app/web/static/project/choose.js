// What was chosen or dropped, as files with their paths in the project: {path, file}.

import { unwanted } from "./api.js";

const ARCHIVE = /\.(zip|tar|tar\.gz|tgz|tar\.xz|txz|tar\.zst|tzst)$/i;

// Why nobody wants this path in a project; undefined for all else. The names are those of archives.
function whyUnwanted(path) {
  const parts = path.split("/");
  const found = Object.entries(unwanted).find(([name]) => parts.some((part) => isNamed(part, name)));
  return found && found[1];
}

function isNamed(part, name) {
  return name.endsWith("*") ? part.startsWith(name.slice(0, -1)) : part === name;
}

export function chosen(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

export async function dropped(transfer) {
  // All at once: after an await there is nothing in it any more.
  const files = [...transfer.items].filter(({ kind }) => kind === "file");
  const below = files.map((item) => [item.webkitGetAsEntry(), item.getAsFile()])
    .map(([entry, file]) => (entry ? filesBelow(entry) : [{ path: file.name, file }]));
  return (await Promise.all(below)).flat();
}

async function filesBelow(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    return [{ path: entry.fullPath.slice(1), file }];
  }
  const reader = entry.createReader(), found = [];
  for (let some = [null]; some.length; found.push(...some)) {
    some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
  }
  return (await Promise.all(found.map(filesBelow))).flat();
}

// Return archives, other files, and what is left out with its reason.
export function sortOut(all, keepTop) {
  const leftOut = [], good = [];
  for (const one of all) {
    const reason = whyUnwanted(one.path);
    if (reason) leftOut.push({ path: one.path, reason });
    else good.push(one);
  }
  const isArchive = ({ path }) => !path.includes("/") && ARCHIVE.test(path);
  const files = good.filter((one) => !isArchive(one));
  return { archives: good.filter(isArchive), files: keepTop ? files : withoutTop(files), leftOut };
}

// Take away a single folder in which all lies, as the import of archives does.
function withoutTop(files) {
  const tops = new Set(files.map(({ path }) => path.slice(0, path.indexOf("/") + 1)));
  const [top] = tops;
  return tops.size === 1 && top ? files.map(({ path, file }) => ({ path: path.slice(top.length), file })) : files;
}
