/* Figures that a reader operates: finds the data that a cell left on the page, loads the script that
   draws it, and puts the drawing in the still picture's place. Works from the disk.
   A figure's script is book/_static/figures/NAME.js; it calls operated.register(NAME, draw), and
   draw(root, data) fills root. Beside it lies NAME.css where the figure needs styles of its own. */
(() => {
  "use strict";
  const FOLDER = new URL("figures/", document.currentScript.src);
  const SVG = new Set(["svg", "g", "rect", "circle", "line", "path", "polyline", "text", "image", "title"]);
  const waiting = {};
  let count = 0;

  /* Make an element, of SVG where the name is one of SVG's, give it attributes, append it. */
  function make(name, attributes = {}, parent, text) {
    const node = SVG.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  }

  /* A number as it is read: so many digits after the point, a true minus sign. */
  const shown = (value, digits = 2) => value.toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1").replace("-", "\u2212");

  /* A labelled slider with its value; change(value) is called at every move. Returns the input. */
  function slider(parent, { name, label, min, max, step, value, digits = 2, unit = "" }, change) {
    const id = `operated-${count++}`;
    const row = make("div", { class: "slider" }, parent);
    make("label", { for: id }, row, label);
    const input = make("input", { type: "range", id, name, min, max, step, value }, row);
    const output = make("output", { for: id }, row);
    const say = () => { output.textContent = shown(Number(input.value), digits) + unit; };
    input.addEventListener("input", () => { say(); change(Number(input.value)); });
    say();
    return input;
  }

  function button(parent, label, act) {
    const node = make("button", { type: "button" }, parent, label);
    node.addEventListener("click", act);
    return node;
  }

  function select(parent, { name, label, options, value }, change) {
    const id = `operated-${count++}`;
    const row = make("div", { class: "select" }, parent);
    make("label", { for: id }, row, label);
    const node = make("select", { id, name }, row);
    for (const [key, text] of Object.entries(options)) make("option", { value: key }, node, text);
    node.value = value;
    node.addEventListener("change", () => change(node.value));
    return node;
  }

  /* An SVG with axes. x and y are [least, most]; returns the svg and functions from values to places. */
  function plot(parent, { label, x, y, xLabel, yLabel, xTicks, yTicks, width = 330, height = 250, digits = 1 }) {
    const edge = { left: 52, right: 12, top: 10, bottom: 44 };
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label, class: "plot" }, parent);
    const across = (v) => edge.left + (v - x[0]) / (x[1] - x[0]) * (width - edge.left - edge.right);
    const up = (v) => height - edge.bottom - (v - y[0]) / (y[1] - y[0]) * (height - edge.top - edge.bottom);
    make("path", { class: "axis", d: `M${across(x[0])} ${up(y[1])}V${up(y[0])}H${across(x[1])}` }, svg);
    for (const v of xTicks) {
      make("line", { class: "axis", x1: across(v), x2: across(v), y1: up(y[0]), y2: up(y[0]) + 4 }, svg);
      make("text", { x: across(v), y: up(y[0]) + 17, class: "tick middle" }, svg, shown(v, digits));
    }
    for (const v of yTicks) {
      make("line", { class: "axis", x1: edge.left - 4, x2: edge.left, y1: up(v), y2: up(v) }, svg);
      make("text", { x: edge.left - 7, y: up(v) + 4, class: "tick end" }, svg, shown(v, digits));
    }
    make("text", { x: (edge.left + width - edge.right) / 2, y: height - 8, class: "label middle" }, svg, xLabel);
    make("text", { transform: `translate(14 ${(edge.top + height - edge.bottom) / 2}) rotate(-90)`, class: "label middle" }, svg, yLabel);
    return { svg, across, up };
  }

  /* Numbers that Python packed with companion.pages.operated.packed. */
  function unpack(text, dtype = "<f2") {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    if (dtype === "u1") return bytes;
    const view = new DataView(bytes.buffer);
    if (dtype === "<f4") return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
    if (dtype !== "<f2") throw new Error(`unpack knows u1, <f2 and <f4, not ${dtype}`);
    return Float32Array.from({ length: bytes.length / 2 }, (_, i) => half(view.getUint16(2 * i, true)));
  }
  function half(bits) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * fraction / 1024);
  }

  /* Words by the page's language; English where there are no others. */
  const words = (all) => all[document.documentElement.lang.slice(0, 2)] || all.en;

  function mount(holder, draw) {
    const data = JSON.parse(holder.querySelector("script").textContent);
    const still = document.getElementById(holder.dataset.still);
    if (!still) throw new Error(`no figure ${holder.dataset.still} to put ${holder.dataset.figure} into`);
    const root = make("div", { class: `operated-figure ${holder.dataset.figure}`, role: "group" });
    const caption = still.querySelector("figcaption");
    root.setAttribute("aria-label", caption ? caption.textContent.trim().replace(/#$/, "") : holder.dataset.figure);
    draw(root, data);
    still.insertBefore(root, still.firstChild);
    still.classList.add("is-operated");
    holder.closest(".cell").hidden = true;
    root.dataset.ready = "";
  }

  function register(name, draw) {
    for (const holder of waiting[name] || []) mount(holder, draw);
  }

  window.operated = { register, make, shown, slider, button, select, plot, unpack, words };

  function start() {
    for (const holder of document.querySelectorAll("div.operated[data-figure]")) {
      (waiting[holder.dataset.figure] ||= []).push(holder);
    }
    for (const name of Object.keys(waiting)) {
      make("link", { rel: "stylesheet", href: new URL(`${name}.css`, FOLDER) }, document.head);
      make("script", { src: new URL(`${name}.js`, FOLDER) }, document.head);
    }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
