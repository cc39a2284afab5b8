// The page: what is asked for is in its address, so that Back, reload and bookmarks work.

import { ask, below, follow, send, url } from "./api.js";
import { Choices } from "./choices.js";
import { count } from "./dom.js";
import { Grid } from "./grid.js";
import { fill } from "./panels.js";
import { Viewer } from "./viewer.js";

const FILTERS = ["since", "until", "under", "camera", "format", "near", "volume", "has_original", "sort"];
const NEAR = 5; // kilometers around a picture
const at = (id) => document.getElementById(id);

const page = { archives: [], file: null };
const grid = new Grid(at("pictures"), { open, select });
const choices = new Choices(at("filters"));
const viewer = new Viewer(at("viewer"), {
  similar: (item) => go({ like: item.id }),
  near: ({ latitude, longitude }) => {
    go({ near: `${latitude},${longitude},${NEAR}` });
    showFilters(true);
  },
  gone: () => show(),
});

// ---- the address

function address() {
  return new URLSearchParams(location.search);
}

function go(changes) {
  const parameters = new URLSearchParams();
  const archive = address().get("archive");
  if (archive) parameters.set("archive", archive);
  for (const [key, value] of Object.entries(changes)) if (value) parameters.set(key, value);
  const query = parameters.toString();
  history.pushState(null, "", query ? `?${query}` : location.pathname);
  return show();
}

function filters() {
  const chosen = {};
  for (const [key, value] of new FormData(at("filters"))) if (value) chosen[key] = value;
  return chosen;
}

function current() {
  const name = address().get("archive");
  return page.archives.find((archive) => archive.name === name) ?? page.archives[0];
}

// ---- what is shown

async function show() {
  const asked = address();
  const archive = current();
  const view = asked.get("view") ?? "pictures";
  at("words").value = asked.get("q") ?? "";
  at("archive").value = archive.name;
  for (const name of FILTERS) {
    const field = at("filters").elements[name];
    if (field.type === "checkbox") field.checked = asked.has(name);
    else field.value = asked.get(name) ?? "";
  }
  choices.follow();
  for (const button of document.querySelectorAll("nav button")) {
    if (button.dataset.view === view) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  at("pictures").hidden = view !== "pictures";
  at("panel").hidden = view === "pictures";
  try {
    if (view === "pictures") await pictures(archive, asked);
    else await panel(view, archive);
  } catch (problem) {
    say(problem.message);
  }
}

async function panel(view, archive) {
  say("");
  await fill(at("panel"), view, archive.name);
}

async function pictures(archive, asked) {
  const base = below(archive.name);
  say("searching …");
  if (asked.has("picture") && page.file) await grid.show(base, byPicture(base, page.file));
  else await grid.show(base, byAddress(base, asked));
}

function byAddress(base, asked) {
  const isSearch = asked.has("q") || asked.has("like");
  const parameters = new URLSearchParams();
  for (const name of ["q", "like", "not", ...FILTERS]) {
    for (const value of asked.getAll(name)) parameters.append(name, value);
  }
  return async (cursor, limit) => {
    parameters.set("limit", limit);
    parameters.set("inline", true);
    if (cursor) parameters.set("cursor", cursor);
    const answer = await ask(`${base}${isSearch ? "search" : "images"}?${parameters}`);
    const items = answer.hits ?? answer.images;
    if (!cursor) say(isSearch ? found(answer, ...query(asked)) : listed(asked, answer));
    return { items, next: answer.next };
  };
}

function byPicture(base, file) {
  return async () => {
    const body = new FormData();
    body.append("picture", file);
    const answer = await ask(`${base}search?limit=100&inline=true`, { method: "POST", body });
    say(found(answer, "like", file.name));
    return { items: answer.hits, next: null };
  };
}

// hits say whether they match; where none does, neither does anything else
function found({ hits }, relation, query) {
  if (!hits.length) return "no picture passes these filters";
  return hits.some((hit) => hit.is_match) ? `${relation} ${query}` : `Nothing really matches ${query}. The nearest:`;
}

function query(asked) {
  return asked.get("q") ? ["best matches of", `“${asked.get("q")}”`] : ["like", `picture ${asked.get("like")}`];
}

function listed(asked, { images, next, total }) {
  if (typeof total === "number" && total) return count(total, "picture");
  if (next) return "pictures that pass these filters";
  if (images.length) return count(images.length, "picture");
  const filtered = FILTERS.some((name) => asked.has(name));
  return filtered ? "no picture passes these filters" : "The archive is empty. Drop pictures here to archive them.";
}

function say(text) {
  at("status").textContent = text;
}

function open(item) {
  const archive = current();
  const place = { archive: archive.name, base: below(archive.name), readOnly: archive.read_only };
  viewer.open(place, item, grid.items);
}

async function showFilters(visible) {
  at("filters").hidden = !visible;
  at("show-filters").setAttribute("aria-expanded", String(visible));
  if (!visible) return;
  try {
    choices.fill(await ask(`${below(current().name)}summary`));
  } catch (problem) {
    say(problem.message);
  }
}

// ---- selected pictures

function select(selected) {
  at("selection").hidden = !selected.size;
  at("selected").textContent = count(selected.size, "picture");
}

async function restoreSelected() {
  const archive = current();
  const button = at("restore-selected");
  button.disabled = true;
  try {
    const job = await send(`${below(archive.name)}jobs`, { kind: "restore", ids: [...grid.selected] });
    const ended = await follow(archive.name, job, (now) => {
      at("selected").textContent = now.state === "queued" ? "waiting" : `${now.done} of ${now.total} restored`;
    });
    if (ended.state !== "done") throw new Error(ended.message || ended.state);
    const link = document.createElement("a");
    Object.assign(link, { href: url(ended.result), download: "" });
    link.click();
    grid.clear();
  } catch (problem) {
    at("selected").textContent = `not restored: ${problem.message}`;
  } finally {
    button.disabled = false;
  }
}

// ---- pictures of one's own

async function use(files, purpose) {
  if (!files.length) return;
  if (purpose === "search") {
    [page.file] = files;
    await go({ picture: page.file.name });
    return;
  }
  const base = below(current().name);
  const tally = new Map();
  for (const [number, file] of files.entries()) {
    say(`archiving ${number + 1} of ${files.length} …`);
    const body = new FormData();
    body.append("pictures", file);
    try {
      const { outcomes: [outcome] } = await ask(`${base}images`, { method: "POST", body });
      const result = outcome.reason ? `${outcome.status} (${outcome.reason})` : outcome.status;
      tally.set(result, (tally.get(result) ?? 0) + 1);
    } catch (problem) {
      tally.set(problem.message, (tally.get(problem.message) ?? 0) + 1);
    }
  }
  await go({ sort: "" });
  say([...tally].map(([result, number]) => `${number} ${result}`).join(", "));
}

function chooseFiles(files = null) {
  const dialog = at("picture");
  at("archive-files").disabled = current().read_only;
  at("files").closest("form").reset();
  if (files) at("files").files = files;
  dialog.showModal();
}

// ---- events

at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  go({ q: at("words").value.trim(), ...filters() });
});
at("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  const asked = address();
  go({ q: asked.get("q"), like: asked.get("like"), ...filters() });
});
at("filters").addEventListener("reset", () => {
  const asked = address();
  go({ q: asked.get("q"), like: asked.get("like") });
});
at("show-filters").addEventListener("click", () => showFilters(at("filters").hidden));
document.querySelector("nav").addEventListener("click", (event) => {
  const view = event.target.dataset.view;
  if (view) go({ view: view === "pictures" ? "" : view });
});
at("archive").addEventListener("change", (event) => {
  history.pushState(null, "", `?archive=${encodeURIComponent(event.target.value)}`);
  grid.clear();
  show();
  showFilters(!at("filters").hidden);
});
at("by-picture").addEventListener("click", () => chooseFiles());
at("picture").addEventListener("close", () => use([...at("files").files], at("picture").returnValue));
at("restore-selected").addEventListener("click", restoreSelected);
at("clear-selected").addEventListener("click", () => grid.clear());
addEventListener("popstate", show);
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) chooseFiles(event.dataTransfer.files);
});
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, select") || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  at("words").focus();
});

// ---- start

async function start() {
  try {
    ({ archives: page.archives } = await ask("api/v1/archives"));
  } catch (problem) {
    say(`The service does not answer: ${problem.message}`);
    return;
  }
  const options = page.archives.map(({ name }) => new Option(name));
  at("archive").replaceChildren(...options);
  at("archive").hidden = options.length < 2;
  await show();
  if (FILTERS.some((name) => address().has(name))) await showFilters(true);
}

start();
