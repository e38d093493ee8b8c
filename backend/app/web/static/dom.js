// Making and finding elements. All text of users and tools goes into the page as text, never as markup.

export const get = (id) => document.getElementById(id);

export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// An element with others in it: texts and elements; what is null is left out.
export function group(tag, className, ...inner) {
  const made = element(tag, undefined, className);
  made.append(...inner.filter((one) => one !== null));
  return made;
}

export function link(text, url, className) {
  const made = element("a", text, className);
  made.href = url;
  return made;
}

// A sign that a reader hears as words.
export function sign(mark, words, className) {
  const made = element("span", mark, className);
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", words);
  made.title = words;
  return made;
}

// A mark beside words that say the same.
export function decoration(mark) {
  const made = element("span", mark);
  made.setAttribute("aria-hidden", "true");
  return made;
}

export function show(id, visible) {
  get(id).hidden = !visible;
}

export function badge(id, word) {
  show(id, Boolean(word));
  get(id).textContent = word || "";
  get(id).className = `badge ${word || ""}`;
}

export function row(...cells) {
  const made = element("tr");
  made.append(...cells);
  return made;
}

export function table(heads, rows, className) {
  const head = row(...heads.map(([text, kind]) => {
    const cell = element("th", text, kind);
    cell.scope = "col";
    return cell;
  }));
  const body = element("tbody");
  body.append(...rows);
  const made = group("table", className, group("thead", "", head), body);
  return group("div", "scroll", made);
}
