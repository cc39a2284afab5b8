// Counts as small drawings, which can be read as text, too.

import { element } from "./dom.js";

const HEIGHT = 100; // of a drawing, in its own units
const WIDTH = 10; // of a column
const GAP = 1.5; // between two of them
const LABELS = 12; // columns that are all named below; of more, the ends are

// [{name, images}] → columns over an axis
export function columns(title, bars) {
  const most = Math.max(1, ...bars.map((bar) => bar.images));
  const told = bars.filter((bar) => bar.images).map((bar) => `${bar.name}: ${bar.images.toLocaleString("en")}`);
  const drawing = drawn("svg", {
    viewBox: `0 0 ${bars.length * WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": `${title}. ${told.join(", ")}`,
  }, bars.map(({ name, images }, at) => {
    const height = images ? Math.max(1.5, (HEIGHT * images) / most) : 0;
    const box = { x: at * WIDTH + GAP / 2, y: HEIGHT - height, width: WIDTH - GAP, height };
    return drawn("rect", box, drawn("title", {}, `${name}: ${images.toLocaleString("en")}`));
  }));
  const named = bars.length <= LABELS ? bars : [bars[0], bars.at(-1)];
  const axis = element("div", { class: "axis", "aria-hidden": "true" },
    named.map(({ name }) => element("span", {}, name)));
  return element("div", { class: "columns-chart" }, drawing, axis);
}

// [{name, images}] → a line for each, which leads to those pictures
export function bars(shares, address, shown = (name) => name) {
  const most = Math.max(1, ...shares.map((share) => share.images));
  return element("ul", { class: "bars", role: "list" }, shares.map(({ name, images }) => element("li", {},
    element("a", { href: address(name), title: name }, shown(name)),
    element("i", { style: `width: ${(100 * images) / most}%` }),
    element("span", {}, images.toLocaleString("en")))));
}

// "2018-11", … "2019-02" → every month from the first to the last, also without pictures
export function everyMonth(months) {
  if (!months.length) return [];
  const images = new Map(months.map((month) => [month.name, month.images]));
  const all = [];
  for (let at = number(months[0].name); at <= number(months.at(-1).name); at += 1) {
    const name = `${String(Math.floor(at / 12)).padStart(4, "0")}-${String((at % 12) + 1).padStart(2, "0")}`;
    all.push({ name, images: images.get(name) ?? 0 });
  }
  return all;
}

// months → years, where months would be too many to tell apart
export function timeline(months) {
  const all = everyMonth(months);
  if (all.length <= 36) return all;
  const years = new Map();
  for (const { name, images } of all) {
    const year = name.slice(0, 4);
    years.set(year, (years.get(year) ?? 0) + images);
  }
  return [...years].map(([name, images]) => ({ name, images }));
}

function number(month) {
  const [year, of] = month.split("-").map(Number);
  return 12 * year + of - 1;
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.flat());
  return made;
}
