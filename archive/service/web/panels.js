// The views beside the pictures: jobs, figures, drives, files that were skipped.

import { ask, below, follow, url } from "./api.js";
import { bars, columns, timeline } from "./charts.js";
import { count, day, definitions, element, fileName, size } from "./dom.js";

const TITLES = { jobs: "Jobs", figures: "Figures", volumes: "Drives", ledger: "Skipped files" };
const MOST = 12; // bars
const FILL = { jobs, figures, volumes, ledger };

export async function fill(panel, view, archive) {
  const body = element("div");
  panel.replaceChildren(element("h2", {}, TITLES[view]), body);
  await FILL[view](body, archive);
}

async function jobs(body, archive) {
  const { jobs: all } = await ask(`${below(archive)}jobs?limit=50`);
  const list = element("ul", { class: "jobs", role: "list" });
  body.replaceChildren(all.length ? list : element("p", {}, "Nothing was asked for yet."));
  for (const job of all) {
    const line = element("li");
    const show = (now) => line.replaceChildren(...jobLine(archive, now));
    show(job);
    list.append(line);
    if (["queued", "running"].includes(job.state)) follow(archive, job, show).catch(() => {});
  }
}

function jobLine(archive, job) {
  const ended = job.state !== "queued" && job.state !== "running";
  const share = job.total ? `${job.done} of ${job.total}` : job.done ? `${job.done}` : "";
  return [
    element("b", {}, `${job.kind} ${job.id}`), " ",
    element("span", { class: job.state === "failed" ? "bad" : "" }, [job.state, share, job.message].filter(Boolean).join(", ")), " ",
    job.state === "running" && job.total
      ? element("progress", { max: job.total, value: job.done, "aria-label": `Progress of job ${job.id}` }) : null,
    job.result ? element("a", { class: "button", href: url(job.result), download: "" }, "Download") : null,
    ended ? null : element("button", {
      type: "button",
      onclick: () => ask(`${below(archive)}jobs/${job.id}`, { method: "DELETE" }).catch(() => {}),
    }, "Cancel"),
  ].filter((part) => part !== null);
}

async function figures(body, archive) {
  const [stats, summary] = await Promise.all(["stats", "summary"].map((path) => ask(below(archive) + path)));
  const perImage = stats.images ? stats.archive_bytes / stats.images : 0;
  body.replaceChildren(
    stats.images ? comparison(stats) : element("p", {}, "The archive has no pictures yet."),
    definitions([
      ["Pictures", stats.images.toLocaleString("en")],
      ["Originals", size(stats.original_bytes)],
      ["Archive", `${size(stats.archive_bytes)}, ${size(perImage)} a picture`],
      ["Ratio", stats.ratio ? `1 : ${Math.round(stats.ratio).toLocaleString("en")}` : null],
      ["Of a picture: embedding", `${stats.clip_bits_per_image.toFixed(0)} bits`],
      ["color map", `${stats.color_bits_per_image.toFixed(0)} bits`],
      ["detail", stats.details ? `${stats.detail_bits_per_image.toFixed(0)} bits, of ${count(stats.details, "picture")}` : "none"],
      ["row, with all that is known of the file", size(stats.row_bytes_per_image)],
      ["search index", size(stats.index_bytes_per_image)],
      ["Model", stats.model],
      ["Codec", stats.codec],
    ]),
    element("div", { class: "charts" }, charts(archive, summary)));
}

function charts(archive, summary) {
  const to = (filter) => (name) => `?${new URLSearchParams({ archive, [filter]: name })}`;
  const drawings = [
    ["When they were taken", summary.months, () => columns("Pictures by time", timeline(summary.months)),
      summary.undated ? `${count(summary.undated, "picture")} without a date` : ""],
    ["Fidelity", summary.fidelity, () => columns("Pictures by fidelity", steps(summary.fidelity, 0.05)),
      "how near a picture restored from its row comes to it, at the last audit; 1 is the same"],
    ["Bytes a picture", summary.sizes, () => columns("Pictures by bytes", steps(summary.sizes, 10)),
      "of both codes and the detail, by tens"],
    ["Formats", summary.formats, () => bars(summary.formats, to("format"))],
    ["Cameras", summary.cameras, () => bars(most(summary.cameras), to("camera"))],
    ["Folders", summary.folders, () => bars(most(summary.folders), to("under"), fileName)],
  ];
  return drawings.filter(([, counts]) => counts.length).map(([title, , draw, note]) => element("section", {},
    element("h3", {}, title), draw(), note ? element("p", { class: "note" }, note) : null));
}

function most(shares) {
  return shares.toSorted((a, b) => b.images - a.images).slice(0, MOST);
}

// values, all `step` apart, from the first to the last, also without pictures
function steps(bins, step) {
  const images = new Map(bins.map((bin) => [Math.round(bin.value / step), bin.images]));
  const [first, last] = [Math.min(...images.keys()), Math.max(...images.keys())];
  return Array.from({ length: last - first + 1 }, (_, at) => {
    const name = ((first + at) * step).toFixed(step < 1 ? 2 : 0);
    return { name, images: images.get(first + at) ?? 0 };
  });
}

function comparison(stats) {
  const share = Math.max(0.4, 100 * stats.archive_bytes / Math.max(1, stats.original_bytes));
  const label = `The archive takes ${size(stats.archive_bytes)}, the originals ${size(stats.original_bytes)}`;
  return element("div", { class: "comparison", role: "img", "aria-label": label },
    element("i", { style: "width: 100%" }, `originals ${size(stats.original_bytes)}`),
    element("span", {},
      element("i", { style: `width: ${Math.min(100, share)}%` }), `archive ${size(stats.archive_bytes)}`));
}

async function volumes(body, archive) {
  const { volumes: all } = await ask(`${below(archive)}volumes`);
  if (!all.length) {
    body.replaceChildren(element("p", {}, "No drive is known yet."));
    return;
  }
  const head = ["Drive", "Where", "Here now", "Last seen", "Pictures"];
  body.replaceChildren(table(head, all.map((volume) => [
    volume.label,
    element("code", {}, volume.root),
    element("span", { class: volume.mounted ? "good" : "bad" }, volume.mounted ? "yes" : "no"),
    day(volume.last_seen),
    volume.images === undefined ? "" : volume.images.toLocaleString("en"),
  ])));
}

async function ledger(body, archive) {
  const rows = [];
  const more = element("button", { type: "button" }, "More");
  let cursor = "";
  const next = async () => {
    const path = `${below(archive)}ledger?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { skipped, next: following } = await ask(path);
    rows.push(...skipped.map((file) => [element("code", {}, file.path), file.reason, file.detail, day(file.last_attempt)]));
    cursor = following;
    more.hidden = !cursor;
    const head = ["File", "Reason", "", "Last tried"];
    body.replaceChildren(rows.length ? table(head, rows) : element("p", {}, "Every file was archived."), more);
  };
  more.addEventListener("click", next);
  await next();
}

function table(head, rows) {
  return element("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Table" }, element("table", {},
    element("thead", {}, element("tr", {}, head.map((title) => element("th", { scope: "col" }, title)))),
    element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((cell) => element("td", {}, cell)))))));
}
