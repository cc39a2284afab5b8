// The endless grid: soft placeholders at once, then what can be shown of each picture.
//
// Rows come in pages. A page far from what is seen keeps its height and gives up its tiles, so ten
// thousand take no more than a few hundred. A picture is asked for once its tile has stayed in
// view for a moment, and no longer if it leaves before it came: whoever scrolls by waits for none.

import { url } from "./api.js";
import { day, element, fileName } from "./dom.js";

const PAGE = 50; // tiles
const AHEAD = "3000px"; // around what is seen: pages in there have their tiles
const NEAR = "300px"; // likewise: pictures in there are asked for
const AGAIN = 1000; // milliseconds after which a page that did not come is asked for again
const MOMENT = 120; // milliseconds that a tile stays before its picture is asked for
const THUMBNAIL = 384; // pixels, long side

export class Grid {
  // `load(cursor, limit)` → {items, next}; `open(item, items)` shows one large
  constructor(place, { open, select }) {
    this.place = place;
    this.open = open;
    this.select = select;
    this.items = [];
    this.selected = new Set();
    this.end = element("div", { class: "end" });
    this.observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      this.more()?.catch(() => setTimeout(() => this.watch(), AGAIN)); // the service may be busy
    }, { rootMargin: AHEAD });
    this.pages = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.keep(target, isIntersecting);
    }, { rootMargin: AHEAD });
    this.near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) target.dispatchEvent(new Event(isIntersecting ? "near" : "far"));
    }, { rootMargin: NEAR });
    place.addEventListener("keydown", (event) => this.move(event));
  }

  async show(base, load) {
    for (const observer of [this.observer, this.pages, this.near]) observer.disconnect();
    this.shown = new Map(); // page → its items
    this.base = base;
    this.load = load;
    this.items = [];
    this.cursor = null;
    this.done = false;
    this.busy = null;
    this.place.replaceChildren(this.end);
    await this.more();
  }

  more() {
    if (this.done) return null;
    this.busy ??= this.next().finally(() => { this.busy = null; });
    return this.busy;
  }

  async next() {
    const load = this.load;
    const { items, next } = await load(this.cursor, PAGE);
    if (load !== this.load) return; // another search began meanwhile
    this.cursor = next;
    this.done = !next;
    if (items.length) this.page(items);
    this.items.push(...items);
    this.watch();
  }

  // anew: the observer tells where the end is now, moved or not
  watch() {
    this.observer.unobserve(this.end);
    if (this.done) this.end.remove();
    else this.observer.observe(this.end);
  }

  page(items) {
    const page = element("ul", { class: "page", role: "list" }, items.map((item) => this.tile(item)));
    this.shown.set(page, items);
    this.end.before(page);
    this.pages.observe(page);
  }

  // a page has its tiles while it is near, or has the focus
  keep(page, isNear) {
    if (isNear && !page.hasChildNodes()) {
      page.append(...this.shown.get(page).map((item) => this.tile(item)));
      page.style.height = "";
    } else if (!isNear && !page.contains(document.activeElement)) {
      page.style.height = `${page.offsetHeight}px`;
      page.replaceChildren();
    }
  }

  tile(item) {
    const name = fileName(item.path);
    const score = item.score === undefined ? "" : `, score ${item.score.toFixed(2)}`;
    const button = element("button", {
      type: "button",
      class: "open",
      "aria-label": `${name}, ${day(item.taken_at)}${score}`,
      onclick: () => this.open(item),
    }, soft(item), this.sharp(item));
    const box = element("input", {
      type: "checkbox",
      checked: this.selected.has(item.id),
      "aria-label": `Select ${name}`,
      onchange: (event) => this.toggle(item.id, event.target.checked),
    });
    const ratio = Math.min(3, Math.max(0.4, item.width / item.height));
    const weak = item.is_match === false ? " weak" : "";
    return element("li", { class: `tile${weak}`, style: `--ratio: ${ratio}` }, button, box,
      element("span", { class: "label", hidden: true }), bar(item));
  }

  // the original if it can be seen, else the newest restoration, else nothing
  sharp(item) {
    const image = element("img", { class: "sharp", alt: "", decoding: "async" });
    const sources = [`images/${item.id}/original?size=${THUMBNAIL}`, `images/${item.id}/restoration`];
    let timer = 0;
    const ask = () => { image.src = url(this.base + sources[0]); };
    image.addEventListener("near", () => { timer = setTimeout(ask, MOMENT); });
    image.addEventListener("far", () => {
      clearTimeout(timer);
      image.removeAttribute("src");
    });
    image.addEventListener("load", () => {
      this.near.unobserve(image);
      image.classList.add("there");
      if (sources.length === 1) mark(image);
    });
    image.addEventListener("error", () => {
      sources.shift();
      if (sources.length) ask();
      else image.remove();
    });
    this.near.observe(image);
    return image;
  }

  toggle(id, chosen) {
    if (chosen) this.selected.add(id);
    else this.selected.delete(id);
    this.select(this.selected);
  }

  clear() {
    this.selected.clear();
    for (const box of this.place.querySelectorAll("input:checked")) box.checked = false;
    this.select(this.selected);
  }

  // arrow keys go from tile to tile, x selects
  move(event) {
    const tile = event.target.closest?.(".tile");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "x") {
      tile.querySelector("input").click();
      return;
    }
    const goal = neighbor(tile, event.key);
    if (goal) {
      event.preventDefault();
      goal.querySelector("button").focus();
      goal.scrollIntoView({ block: "nearest" });
    }
  }
}

function soft(item) {
  if (!item.placeholder) return null;
  return element("img", { class: "soft", alt: "", decoding: "async", src: url(item.placeholder) });
}

function mark(image) {
  const label = image.closest(".tile")?.querySelector(".label");
  if (!label) return;
  label.textContent = "restored";
  label.hidden = false;
}

function bar(item) {
  if (item.score === undefined) return null;
  const share = Math.round(100 * Math.max(0, Math.min(1, item.match ?? item.score)));
  return element("span", { class: "bar", "aria-hidden": "true" },
    element("i", { style: `width: ${share}%` }));
}

function neighbor(tile, key) {
  const tiles = [...tile.closest("section").querySelectorAll(".tile")];
  const at = tiles.indexOf(tile);
  if (key === "ArrowRight") return tiles[at + 1];
  if (key === "ArrowLeft") return tiles[at - 1];
  if (key !== "ArrowDown" && key !== "ArrowUp") return null;
  const box = tile.getBoundingClientRect();
  const middle = box.left + box.width / 2;
  const side = key === "ArrowDown" ? tiles.slice(at + 1) : tiles.slice(0, at).reverse();
  let row = null;
  for (const other of side) {
    const { top, left, right } = other.getBoundingClientRect();
    if (Math.abs(top - box.top) < 4) continue;
    row ??= top;
    if (Math.abs(top - row) > 4) break;
    if (left <= middle && middle <= right) return other;
  }
  return side.find((other) => Math.abs(other.getBoundingClientRect().top - box.top) >= 4);
}
