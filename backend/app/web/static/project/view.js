// Looking at a file's text. What is too long for that, or no text, is downloaded.

import { get } from "../dom.js";

const LONGEST = 512 << 10; // bytes

export async function view(event, file, url) {
  if (file.size > LONGEST || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const text = await textAt(url);
  if (text === null) {
    location.href = url; // an attachment: the page stays
    return;
  }
  get("view-title").textContent = file.path;
  get("view-text").textContent = text;
  get("view-download").href = url;
  get("view").showModal();
}

async function textAt(url) {
  try {
    const answer = await fetch(url);
    if (!answer.ok) return null;
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await answer.arrayBuffer());
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

get("view-close").addEventListener("click", () => get("view").close());
