// Where the API has the project of this page.

import { get } from "../dom.js";

export const { id, mine, most, mostArchive } = get("project").dataset;
export const unwanted = JSON.parse(get("project").dataset.unwanted); // name -> why
export const api = `/api/v1/projects/${id}`;
