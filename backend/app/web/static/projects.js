// The list of projects: making one.

import { post } from "./ask.js";
import { get } from "./dom.js";
import { onSubmit } from "./form.js";

onSubmit(get("make"), async (fields) => {
  const { id } = await post("/api/v1/projects", {
    name: fields.name.value,
    description: fields.description.value,
    visibility: fields.public.checked ? "public" : "private",
  });
  location.href = `/projects/${id}`;
});
