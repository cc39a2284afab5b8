// What filters can be chosen from: a period over the timeline, and names that there are.

import { columns, everyMonth } from "./charts.js";

const at = (id) => document.getElementById(id);
const LISTS = ["cameras", "formats", "folders", "volumes"]; // of the summary, and of the page
const LONG = { month: "long", year: "numeric", timeZone: "UTC" };

export class Choices {
  constructor(form) {
    this.fields = form.elements;
    this.months = [];
    for (const id of ["first", "last"]) at(id).addEventListener("input", () => this.slide(id));
    for (const name of ["since", "until"]) {
      this.fields[name].addEventListener("change", () => this.follow());
    }
  }

  fill(summary) {
    for (const name of LISTS) at(name).replaceChildren(...summary[name].map(option));
    this.months = everyMonth(summary.months);
    at("period").hidden = this.months.length < 2;
    if (at("period").hidden) return;
    at("plot").replaceChildren(columns("Pictures by month", this.months));
    for (const id of ["first", "last"]) at(id).max = this.months.length - 1;
    this.follow();
  }

  // the handles go where the fields say
  follow() {
    const names = this.months.map((month) => month.name);
    const since = this.fields.since.value.slice(0, 7);
    const until = this.fields.until.value.slice(0, 7);
    const first = names.findIndex((name) => name.slice(0, since.length) >= since);
    const last = names.findLastIndex((name) => name.slice(0, until.length) <= until);
    at("first").value = first < 0 ? names.length - 1 : first;
    at("last").value = until ? Math.max(0, last) : names.length - 1;
    this.mark();
  }

  // the fields say where the handles are; a handle at its end says nothing
  slide(moved) {
    const [first, last] = [Number(at("first").value), Number(at("last").value)];
    if (first > last) at(moved).value = moved === "first" ? last : first;
    const end = this.months.length - 1;
    this.fields.since.value = Number(at("first").value) === 0 ? "" : this.months[at("first").value].name;
    this.fields.until.value = Number(at("last").value) === end ? "" : this.months[at("last").value].name;
    this.mark();
  }

  mark() {
    for (const id of ["first", "last"]) {
      const month = this.months[at(id).value]?.name;
      if (month) at(id).setAttribute("aria-valuetext", new Date(`${month}-01T00:00:00Z`).toLocaleDateString("en", LONG));
    }
    const [first, last] = [Number(at("first").value), Number(at("last").value)];
    at("plot").querySelectorAll("rect").forEach((rect, place) => {
      rect.classList.toggle("outside", place < first || place > last);
    });
  }
}

function option({ name, images, mounted }) {
  const made = new Option("", name);
  const away = mounted === false ? ", not connected" : "";
  made.label = `${images.toLocaleString("en")} pictures${away}`;
  return made;
}
