// Starting a simulation.

import { get } from "../dom.js";
import { onSubmit } from "../form.js";
import { linesOf } from "../variables.js";
import { id } from "./api.js";
import { submit } from "./job.js";

onSubmit(get("simulate"), (fields) => submit(`/api/v1/simulations/${id}/simulation`, fields, configOf(fields)));

// What is left empty is left out: the API has its own way then.
function configOf(fields) {
  const config = {};
  for (const key of ["top", "timescale"]) if (fields[key].value.trim()) config[key] = fields[key].value.trim();
  for (const key of ["files", "include_dirs", "plusargs"]) {
    const lines = linesOf(fields[key].value);
    if (lines.length) config[key] = lines;
  }
  const defines = linesOf(fields.defines.value).map(macro);
  if (defines.length) config.defines = Object.fromEntries(defines);
  return config;
}

// A macro's value is text: 1.50 is not 1.5.
function macro(line) {
  const [name, ...value] = line.split("=");
  return [name.trim(), value.join("=").trim()];
}
