// Sending files and archives to the project, with word of how far it is.

import { Problem, problemOf } from "../ask.js";
import { bytes } from "../format.js";
import { api, most, mostArchive } from "./api.js";

// A form may hold 1,000 files at most.
const MANY = 500;

// Send files in as few forms as may be: each is taken whole or not at all.
export async function sendFiles(files, onSent) {
  for (const one of files) check(one, Number(most));
  let put = 0;
  for (const some of batches(files)) {
    try {
      await upload(`${api}/files`, formOf(some), onSent);
    } catch (error) {
      throw put ? new Problem(`${error.message}\nThe first ${put} files were put here.`) : error;
    }
    put += some.length;
  }
}

function formOf(files) {
  const form = new FormData();
  for (const { path, file } of files) form.append("files", file, path);
  return form;
}

export async function sendArchive(archive, { keepTop, replace }, onSent) {
  check(archive, Number(mostArchive));
  return upload(`${api}/import?keep_top_folder=${keepTop}&replace=${replace}`, archive.file, onSent);
}

function check({ path, file }, limit) {
  // A form would send them as %22 and %0A, and the API speak of those.
  if (/["\r\n]/.test(path)) throw new Problem(`${path} holds a quotation mark or an end of line; rename the file.`);
  if (file.size <= limit) return;
  throw new Problem(`${path} has ${bytes(file.size)}; ${bytes(limit)} at most can be sent at once.`);
}

function batches(files) {
  const made = [];
  let size = 0;
  for (const one of files) {
    if (made.length === 0 || made.at(-1).length === MANY || size + one.file.size > most) {
      made.push([]);
      size = 0;
    }
    made.at(-1).push(one);
    size += one.file.size;
  }
  return made;
}

// fetch() does not tell how much has been sent. `onSent` is told of bytes as they go.
function upload(url, body, onSent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let before = 0;
    request.open("POST", url);
    request.upload.addEventListener("progress", ({ loaded }) => {
      onSent(loaded - before);
      before = loaded;
    });
    request.addEventListener("error", () => reject(new Problem("The connection broke off. Try again.")));
    request.addEventListener("load", () => {
      if (request.status === 401) location.reload();
      else if (request.status >= 300) reject(problemOf(request.status, request.responseText));
      else resolve(JSON.parse(request.responseText));
    });
    request.send(body);
  });
}
