// Asking the API about the job of this page.

import { get } from "../dom.js";

export { ask, post, send } from "../ask.js";

export const api = `/api/v1/jobs/${get("job").dataset.id}`;
