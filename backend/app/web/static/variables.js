// Variables as lines KEY=VALUE: a value is JSON if it can be read as that, else a text.

export function variablesOf(text) {
  const variables = {};
  for (const line of linesOf(text)) {
    const at = line.indexOf("=");
    if (at < 1) throw new Error(`${line}: write KEY=VALUE.`);
    variables[line.slice(0, at).trim()] = valueOf(line.slice(at + 1).trim());
  }
  return variables;
}

// The lines of a text that hold something.
export function linesOf(text) {
  return text.split("\n").map((one) => one.trim()).filter(Boolean);
}

// What variablesOf() reads as these variables.
export function textOf(variables) {
  return Object.entries(variables).map(([name, value]) => `${name}=${wordOf(value)}`).join("\n");
}

function wordOf(value) {
  const plain = typeof value === "string" && value === value.trim() && !value.includes("\n");
  return plain && valueOf(value) === value ? value : JSON.stringify(value);
}

function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
