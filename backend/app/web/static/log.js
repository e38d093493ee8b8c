"use strict";

// The log on a page: the newest part of a text that may be many megabytes, coming in pieces. At
// least so much of it is shown, at most twice that.

const LOG_CHARACTERS = 1_000_000;
const LOG_LINES = 5_000;
const LEAST_PART = 4_096; // characters

// Terminals' commands: colours, cursor movements, titles. They are left out.
const COMMANDS = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/]*[0-Z\\^-~]/g;
// The beginning of a command, or of a line's end, whose rest comes with the next piece.
const BEGUN = /(?:\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*\u001b?|[ -/]*)|\r)$/;
const LONGEST_COMMAND = 1_000;
// What has no look of its own, or turns the direction of what follows.
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

class LogText {
  // Turns the pieces of a log into text that is safe to show.
  #rest = "";

  take(piece) {
    let text = this.#rest + piece;
    const begun = BEGUN.exec(text.slice(-LONGEST_COMMAND));
    this.#rest = begun ? begun[0] : "";
    if (begun) text = text.slice(0, -begun[0].length);
    return text.replace(COMMANDS, "").replace(/\r\n?/g, "\n").replace(UNSEEN, "\ufffd");
  }
}

function newest(text) {
  // Return the newest part of a text: so many lines and characters at most.
  let start = Math.max(0, text.length - LOG_CHARACTERS), at = text.length - 1;
  for (let lines = 0; lines < LOG_LINES && at > start; lines++) at = text.lastIndexOf("\n", at - 1);
  if (at > start) start = at + 1;
  const code = text.charCodeAt(start);
  return text.slice(code >= 0xdc00 && code <= 0xdfff ? start + 1 : start);
}

function countLines(text) {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

class LogView {
  // Shows a log in `element`, as text alone; shows `cut` once its beginning has been left out.
  // What is there stays in its nodes, so that a selection survives what is added.
  #element;
  #cut;
  #source = new LogText();
  #waiting = "";
  #drawing = false;
  #parts = []; // of each node in the element: characters and lines
  #characters = 0;
  #lines = 0;

  constructor(element, cut) {
    this.#element = element;
    this.#cut = cut;
  }

  add(piece) {
    const text = this.#waiting + this.#source.take(piece);
    this.#waiting = newest(text);
    if (this.#waiting.length < text.length) {
      this.#cut.hidden = false;
      this.#keep(0, 0);
    }
    if (this.#drawing) return;
    this.#drawing = true; // once a frame, however many pieces come
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#drawing = false;
    const element = this.#element;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 30;
    this.#append(this.#waiting);
    this.#waiting = "";
    this.#keep(LOG_CHARACTERS, LOG_LINES);
    if (atEnd) element.scrollTop = element.scrollHeight;
  }

  #append(text) {
    const last = this.#parts.at(-1), lines = countLines(text);
    if (last && last.characters < LEAST_PART) {
      this.#element.lastChild.appendData(text);
      last.characters += text.length;
      last.lines += lines;
    } else {
      this.#element.append(text);
      this.#parts.push({ characters: text.length, lines });
    }
    this.#characters += text.length;
    this.#lines += lines;
  }

  #keep(characters, lines) {
    // Drop the oldest parts as long as what remains is so much.
    for (let first = this.#parts[0]; first; first = this.#parts[0]) {
      const enough = this.#characters - first.characters >= characters;
      if (!enough && this.#lines - first.lines < lines) return;
      this.#parts.shift();
      this.#element.firstChild.remove();
      this.#characters -= first.characters;
      this.#lines -= first.lines;
      this.#cut.hidden = false;
    }
  }
}
