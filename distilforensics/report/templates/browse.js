"use strict";
// Everything below is text: values are put into cells as text nodes, never as markup.
const DATA = JSON.parse(document.getElementById("data").textContent);
const STEP = 200;
const LONGEST = 160;
const state = { table: 0, sort: -1, down: false, first: 0, rows: [], filters: [], search: "" };
const byId = (id) => document.getElementById(id);
const WORDS = byId("count").dataset;

function element(name, text, parent) {
  const made = document.createElement(name);
  if (text !== null) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === "") return 1;
  if (b === null || b === "") return -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a) < String(b) ? -1 : 1;
}

// A filter of a column: part of a text, or a bound such as >100 or <=5 for numbers.
function test(filter) {
  const bound = /^\s*(<=|>=|<|>|=)\s*(-?[0-9.]+)\s*$/.exec(filter);
  if (bound) {
    const limit = Number(bound[2]);
    const holds = { "<": (v) => v < limit, ">": (v) => v > limit, "<=": (v) => v <= limit, ">=": (v) => v >= limit, "=": (v) => v === limit };
    return (value) => typeof value === "number" && holds[bound[1]](value);
  }
  const part = filter.trim().toLowerCase();
  return (value) => value !== null && String(value).toLowerCase().includes(part);
}

function choose() {
  const table = DATA[state.table];
  const tests = [];
  state.filters.forEach((filter, column) => { if (filter && filter.trim()) tests.push([column, test(filter)]); });
  const words = state.search.trim().toLowerCase();
  state.rows = table.rows.filter((row) =>
    tests.every(([column, holds]) => holds(row[column])) &&
    (!words || row.some((value) => value !== null && String(value).toLowerCase().includes(words))));
  if (state.sort >= 0) {
    const sign = state.down ? -1 : 1;
    state.rows.sort((a, b) => {
      const [x, y] = [a[state.sort], b[state.sort]];
      const isEmpty = (value) => value === null || value === "";
      return isEmpty(x) || isEmpty(y) ? compare(x, y) : sign * compare(x, y);
    });
  }
  state.first = 0;
  fill();
}

function fill() {
  const table = DATA[state.table];
  const body = byId("rows");
  body.textContent = "";
  for (const row of state.rows.slice(state.first, state.first + STEP)) {
    const line = element("tr", null, body);
    row.forEach((value) => {
      const text = value === null ? "" : String(value);
      const cell = element("td", text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text, line);
      if (text.length > LONGEST) cell.title = text;
      cell.className = typeof value === "number" ? "num" : text.length > 40 ? "long" : "";
    });
  }
  const last = Math.min(state.first + STEP, state.rows.length);
  const number = (value) => value.toLocaleString(document.documentElement.lang);
  const shown = state.rows.length ? `${number(state.first + 1)} ${WORDS.to} ${number(last)} ${WORDS.of} ` : "";
  byId("count").textContent = `${shown}${number(state.rows.length)} ${WORDS.match} ${number(table.rows.length)} ${WORDS.all} ${table.omitted}`;
  byId("back").disabled = state.first === 0;
  byId("on").disabled = last >= state.rows.length;
}

function heads() {
  const table = DATA[state.table];
  const names = byId("names");
  const filters = byId("filters");
  names.textContent = "";
  filters.textContent = "";
  table.columns.forEach((name, column) => {
    const head = element("th", null, names);
    head.scope = "col";
    const isSorted = state.sort === column;
    head.setAttribute("aria-sort", isSorted ? (state.down ? "descending" : "ascending") : "none");
    const button = element("button", name + (isSorted ? (state.down ? " ▼" : " ▲") : ""), head);
    button.type = "button";
    button.addEventListener("click", () => {
      state.down = state.sort === column ? !state.down : typeof (table.rows[0] || [])[column] === "number";
      state.sort = column;
      heads();
      choose();
      names.children[column].firstChild.focus();
    });
    const input = element("input", null, element("td", null, filters));
    input.type = "search";
    input.setAttribute("aria-label", `${WORDS.filter} ${name}`);
    input.value = state.filters[column] || "";
    input.addEventListener("input", () => { state.filters[column] = input.value; choose(); });
  });
}

function open(number) {
  Object.assign(state, { table: number, sort: -1, down: false, filters: [], search: "" });
  byId("search").value = "";
  byId("exact").textContent = `${WORDS.exact} ${DATA[number].file}`;
  heads();
  choose();
}

DATA.forEach((table, number) => { element("option", table.title, byId("table")).value = number; });
byId("table").addEventListener("change", () => open(Number(byId("table").value)));
byId("search").addEventListener("input", () => { state.search = byId("search").value; choose(); });
byId("back").addEventListener("click", () => { state.first -= STEP; fill(); });
byId("on").addEventListener("click", () => { state.first += STEP; fill(); });
byId("none").addEventListener("click", () => open(state.table));
open(0);
