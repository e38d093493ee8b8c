// Asking the API.

// A refusal in the API's own words. `errors` says what each field is about: {field, message};
// `status` is HTTP's, if there was an answer.
export class Problem extends Error {
  constructor(detail, errors = [], status = null) {
    super(detail);
    this.errors = errors;
    this.status = status;
  }
}

// Return what an answer's text says that is not a success; a proxy's is no problem of ours.
export function problemOf(status, text) {
  try {
    const { detail, errors } = JSON.parse(text);
    if (detail) return new Problem(detail, errors, status);
  } catch { /* not JSON */ }
  if (status === 413) return new Problem("That is more than can be sent at once.", [], status);
  return new Problem(`The server answered with ${status}. Try again.`, [], status);
}

// Return the answer's JSON; throw a Problem with its own words.
export async function ask(path, options) {
  const response = await fetch(path, options);
  if (response.status === 401) location.reload();
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response.status === 204 ? null : response.json();
}

export function post(path, body) {
  return send("POST", path, body);
}

export function send(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  return ask(path, options);
}
