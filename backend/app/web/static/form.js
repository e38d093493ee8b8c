// Forms that send to the API: what it refuses is told beside the field that it is about.

import { Problem } from "./ask.js";
import { element } from "./dom.js";

// Has a form do something when it is sent. Before, the browser would send it by itself, to the page: so
// the page has its button disabled.
export function onSubmit(form, action) {
  for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clear(form);
    const button = event.submitter || form.querySelector("button:not([type=button])");
    button.disabled = true;
    try {
      await action(form.elements);
    } catch (error) {
      tell(form, error);
    } finally {
      button.disabled = false;
    }
  });
}

// Read a field's text; what is wrong with it is a problem of this field.
export function read(field, reader) {
  try {
    return reader(field.value);
  } catch (error) {
    throw new Problem(error.message, [{ field: field.name, message: error.message }]);
  }
}

export function clear(form) {
  for (const words of form.querySelectorAll(".refused")) words.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  form.querySelector("[role=alert]").hidden = true;
}

export function tell(form, error) {
  const rest = [];
  for (const one of error.errors || []) if (!tellBeside(form, one)) rest.push(`${one.field}: ${one.message}`);
  const first = form.querySelector("[aria-invalid]");
  if (first) first.focus();
  if (first && rest.length === 0) return;
  const place = form.querySelector("[role=alert]");
  place.textContent = rest.length ? rest.join("\n") : error.message;
  place.hidden = false;
}

// Tell a refusal at its field, or where the form takes all others; return whether there is one.
function tellBeside(form, { field, message }) {
  if (field.startsWith("files/")) return false; // of one of the project's files
  const name = field.replace(/^body\./, "").replace(/^config\./, "");
  const own = form.elements.namedItem(name.split(".")[0]);
  const input = own || form.querySelector("[data-others]");
  if (!input || name === "body") return false;
  const more = own && name === own.name ? message : `${name}: ${message}`;
  const words = element("p", more, "error refused");
  words.id = `${form.id}-refused-${form.querySelectorAll(".refused").length}`;
  input.closest("label").after(words);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), words.id].filter(Boolean).join(" "));
  const folded = input.closest("details");
  if (folded) folded.open = true;
  return true;
}
