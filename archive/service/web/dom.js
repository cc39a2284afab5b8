// Small helpers: elements, numbers, dates.

// element("a", { href, class, dataset … }, children…); text is never parsed as HTML
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "style") made.style.cssText = value; // as an attribute it would be refused
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

export function size(bytes) {
  let unit = 0;
  while (bytes >= 1000 && unit < UNITS.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes.toLocaleString("en", { maximumSignificantDigits: 3 })} ${UNITS[unit]}`;
}

export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

export function day(time) {
  if (!time) return "no date";
  const [date] = time.split("T");
  const options = { year: "numeric", month: "long", day: "numeric", timeZone: "UTC" };
  return new Date(`${date}T00:00:00Z`).toLocaleDateString("en", options);
}

export function fileName(path) {
  return path.split(/[/\\]/).at(-1) || "no known file";
}

export function definitions(facts) {
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", {}, shown.flatMap(([term, value]) => [
    element("dt", {}, term),
    element("dd", {}, value),
  ]));
}
