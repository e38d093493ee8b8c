// What simulations and builds have in common: sending the job, and going to its page.

import { post } from "../ask.js";
import { whenPut } from "./put.js";

export async function submit(path, fields, config) {
  await whenPut();
  const seconds = fields.max_seconds.value;
  const body = { config, max_seconds: seconds ? Number(seconds) : null, priority: fields.priority.value };
  location.href = `/jobs/${(await post(path, body)).id}`;
}
