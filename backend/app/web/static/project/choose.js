// What was chosen or dropped, as files with their paths in the project: {path, file}.

const ARCHIVE = /\.(zip|tar|tar\.gz|tgz|tar\.xz|txz|tar\.zst|tzst)$/i;
// What nobody wants in a project: as of archives (app/projects/archives/names.py).
const JUNK = [
  [/(^|\/)(\.git|\.hg|\.svn|\.bzr|CVS|_darcs)(\/|$)/, "belongs to version control"],
  [/(^|\/)(__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)(\/|$)/, "was put there by a desktop"],
];

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
    const why = JUNK.find(([pattern]) => pattern.test(one.path));
    if (why) leftOut.push({ path: one.path, reason: why[1] });
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
