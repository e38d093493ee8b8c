// Changing what the project is called and who sees it, and deleting it.

import { send } from "../ask.js";
import { get } from "../dom.js";
import { clear, onSubmit, tell } from "../form.js";
import { api } from "./api.js";

const form = get("change");

onSubmit(form, async (fields) => {
  await send("PATCH", api, {
    name: fields.name.value,
    description: fields.description.value,
    visibility: fields.public.checked ? "public" : "private",
  });
  location.reload();
});

get("delete").addEventListener("click", async () => {
  const name = document.querySelector("h1").firstChild.textContent.trim();
  if (!window.confirm(`Delete ${name} with its files, its jobs and their results? This cannot be undone.`)) return;
  clear(form);
  try {
    await send("DELETE", api);
    location.href = "/projects";
  } catch (error) {
    tell(form, error);
  }
});
