// Numbers for people.

export function seconds(value) {
  if (value === null || value === undefined) return "";
  if (value < 60) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  const whole = Math.round(value), minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// For what is a guess.
export function wholeSeconds(value) {
  return value < 60 ? `${Math.ceil(value)} s` : seconds(value);
}

export function bytes(size) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  for (; size >= 1024 && unit < 3; unit++) size /= 1024;
  return `${unit && size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

// A metric's value: a number, or the text 'Infinity', '-Infinity' or 'NaN', or any text.
export function number(value) {
  if (value === null) return "–";
  if (value === "Infinity") return "∞";
  if (value === "-Infinity") return "−∞";
  if (typeof value !== "number") return value;
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return String(Number(value.toPrecision(6)));
}

// One of the main numbers: four digits, or all before the point.
export function figure(value) {
  if (typeof value !== "number" || Number.isInteger(value)) return number(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(4)));
}

export function count(many, one, several = `${one}s`) {
  return `${many.toLocaleString("en")} ${many === 1 ? one : several}`;
}
