// One picture, large: original beside restoration, how many bytes it takes, what is known of it.

import { ask, follow, send, url } from "./api.js";
import { count, day, definitions, element, fileName, size } from "./dom.js";

const LARGE = 1600; // pixels, long side
const DIAL = [50, 120]; // bytes in all, between the row alone and all of its detail

export class Viewer {
  constructor(dialog, { similar, near, gone }) {
    this.dialog = dialog;
    this.similar = similar;
    this.near = near;
    this.gone = gone;
    addEventListener("keydown", (event) => { if (dialog.open) this.press(event); });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => { this.item = null; });
  }

  async open({ archive, base, readOnly }, item, neighbors) {
    Object.assign(this, { archive, base, readOnly, item, neighbors, restored: new Map() });
    this.fill(item);
    if (!this.dialog.open) this.dialog.showModal();
    try {
      const whole = await ask(`${base}images/${item.id}`);
      if (this.item?.id !== item.id) return;
      this.item = { ...item, ...whole };
      this.known.replaceWith(this.facts(this.item));
      if (whole.restoration && !this.restored.size) this.draw(url(whole.restoration));
    } catch (problem) {
      this.note.textContent = problem.message;
    }
  }

  fill(item) {
    this.note = element("p", { class: "note", role: "status" });
    this.progress = element("progress", { hidden: true, max: 1, value: 0, "aria-label": "Restoring" });
    this.known = this.facts(item);
    this.stage = element("div", { class: "stage", style: `--ratio: ${item.width / item.height}` });
    this.dialog.replaceChildren(
      element("header", {},
        element("h2", { id: "viewer-title" }, fileName(item.path)),
        element("button", { type: "button", "aria-label": "Previous", onclick: () => this.step(-1) }, "‹"),
        element("button", { type: "button", "aria-label": "Next", onclick: () => this.step(1) }, "›"),
        element("button", { type: "button", autofocus: true, "aria-label": "Close", onclick: () => this.dialog.close() }, "✕"),
      ),
      element("div", { class: "columns" },
        element("div", {}, this.stage, this.progress, this.note, this.dial(item), this.actions(item)),
        this.known),
    );
    this.draw(null);
    if (this.dialog.open) this.dialog.querySelector("[autofocus]").focus();
  }

  // the original and a restoration, one over the other, with a line between them to drag
  draw(restoration) {
    const { item, base } = this;
    const original = element("img", { alt: "The original", class: "original" });
    const parts = [];
    if (item.placeholder) {
      parts.push(element("img", { class: "soft", alt: "", src: url(item.placeholder) }));
    }
    parts.push(original);
    if (restoration) {
      parts.push(
        element("img", { class: "restoration", alt: "Restored from the row: not the original", src: restoration }),
        element("span", { class: "label" }, "restored: not the original"));
    }
    this.stage.replaceChildren(...parts);
    original.addEventListener("load", () => {
      if (restoration) this.stage.append(this.slider());
    });
    original.addEventListener("error", () => {
      original.remove();
      this.stage.classList.add("alone");
      if (!restoration) this.note.textContent ||= "The original cannot be seen now. Restore shows what the row keeps.";
    });
    original.src = url(`${base}images/${item.id}/original?size=${LARGE}`);
  }

  slider() {
    const input = element("input", {
      type: "range", class: "split", min: 0, max: 100, value: 50,
      "aria-label": "Original on the left, restoration on the right",
    });
    const set = () => this.stage.style.setProperty("--split", `${input.value}%`);
    input.addEventListener("input", set);
    set();
    return input;
  }

  dial(item) {
    const row = Math.ceil(item.bits / 8);
    const whole = row + item.detail_bytes;
    if (!item.detail_bytes) return null;
    const stops = [row, ...DIAL.filter((bytes) => row < bytes && bytes < whole), whole];
    return element("fieldset", { class: "dial" },
      element("legend", {}, "Restored from"),
      stops.map((bytes) => element("label", {},
        element("input", {
          type: "radio", name: "dial", value: bytes, checked: bytes === whole,
          onchange: () => this.restore(bytes - row),
        }), count(bytes, "byte"))));
  }

  actions(item) {
    return element("p", { class: "row" },
      element("button", { type: "button", class: "primary", onclick: () => this.restore(this.chosen()) },
        "Restore"),
      element("button", { type: "button", onclick: () => this.leave(this.similar) }, "Similar"),
      item.latitude == null ? null
        : element("button", { type: "button", onclick: () => this.leave(this.near) }, "Near this place"),
      element("a", { class: "button", href: url(`${this.base}images/${item.id}/original`), download: fileName(item.path) },
        "Download original"),
      this.readOnly ? null
        : element("button", { type: "button", class: "danger", onclick: () => this.forget(item) }, "Forget …"));
  }

  facts(item) {
    const where = (item.sources ?? []).map(({ path, volume, mounted, exists }) => element("li", {},
      element("code", {}, path), " ",
      element("span", { class: exists ? "good" : "bad" },
        exists ? "is here" : mounted ? "is gone" : `on “${volume ?? "a drive"}”, which is not connected`)));
    return definitions([
      ["Match", item.score === undefined ? null : matching(item)],
      ["Taken", day(item.taken_at)],
      ["Size", `${item.width} × ${item.height} ${item.format}, ${size(item.file_bytes)}`],
      ["Camera", item.camera],
      ["Place", item.latitude == null ? null : `${item.latitude.toFixed(4)}, ${item.longitude.toFixed(4)}`],
      ["Kept as", `${count(Math.ceil(item.bits / 8), "byte")} of ${item.codec}`
        + (item.detail_bytes ? ` and a detail of ${count(item.detail_bytes, "byte")}` : "")],
      ["Measured", item.detail?.psnr ? `${item.detail.psnr.toFixed(1)} dB, similarity ${item.detail.similarity?.toFixed(2)}` : null],
      ["Where the original lies", where.length ? element("ul", { class: "where" }, where) : item.path],
      ["Flags", (item.flags ?? []).join(", ")],
      ["Archived", day(item.archived_at)],
      ["Model", item.model],
      ["Embedding", item.clip_code ? element("code", {}, item.clip_code) : null],
      ["Color map", item.color_code ? element("code", {}, item.color_code) : null],
      ["SHA-256", element("code", {}, item.digest)],
      ["Row", `${item.id}`],
    ]);
  }

  chosen() {
    const input = this.dialog.querySelector(".dial input:checked");
    return input ? Number(input.value) - Math.ceil(this.item.bits / 8) : null;
  }

  async restore(detailBytes) {
    const { item, archive, base } = this;
    const known = this.restored.get(detailBytes);
    if (known) {
      this.draw(known);
      return;
    }
    const body = { kind: "restore", ids: [item.id] };
    if (detailBytes !== null) body.detail_bytes = detailBytes;
    this.note.textContent = "";
    try {
      const job = await send(`${base}jobs`, body);
      this.progress.hidden = false;
      const ended = await follow(archive, job, (now) => this.tell(item, now));
      if (this.item?.id !== item.id) return;
      if (ended.state !== "done") throw new Error(ended.message || `it was ${ended.state}`);
      const picture = url(ended.result);
      this.restored.set(detailBytes, picture);
      this.draw(picture);
      this.note.textContent = "";
    } catch (problem) {
      this.note.textContent = `It could not be restored: ${problem.message}`;
    } finally {
      this.progress.hidden = true;
    }
  }

  tell(item, job) {
    if (this.item?.id !== item.id) return;
    if (job.steps) Object.assign(this.progress, { max: job.steps, value: job.step });
    else this.progress.removeAttribute("value");
    const ahead = job.ahead ? `${count(job.ahead, "job")} first` : "starting";
    this.note.textContent = job.state === "queued" ? ahead
      : job.steps ? `step ${job.step} of ${job.steps}` : "starting";
  }

  // for other pictures
  leave(look) {
    const { item } = this;
    this.dialog.close();
    look(item);
  }

  async forget(item) {
    if (!confirm(`Erase what is archived of ${fileName(item.path)}? The original, if there is one, stays.`)) return;
    try {
      await ask(`${this.base}images/${item.id}`, { method: "DELETE" });
      this.dialog.close();
      this.gone(item);
    } catch (problem) {
      this.note.textContent = problem.message;
    }
  }

  step(by) {
    const at = this.neighbors.findIndex((other) => other.id === this.item.id);
    const next = this.neighbors[at + by];
    if (next) this.open(this, next, this.neighbors);
  }

  press(event) {
    if (event.target.matches("input")) return;
    if (event.key === "ArrowRight") this.step(1);
    else if (event.key === "ArrowLeft") this.step(-1);
    else if (event.key === "r") this.restore(this.chosen());
    else if (event.key === "s") this.leave(this.similar);
  }
}

function matching({ score, match, is_match: isMatch }) {
  const share = match === null ? "" : `${Math.floor(100 * match)} %, `;
  return `${share}score ${score.toFixed(2)}${isMatch ? "" : ": not really"}`;
}
