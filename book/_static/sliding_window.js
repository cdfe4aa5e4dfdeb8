/* A window that slides over a small image: convolution and pooling, step by step.
   Plain SVG; works from the disk and by keyboard. Fills every element of class "sliding-window". */
(() => {
  "use strict";
  const WORDS = {
    en: {
      operation: "Operation", convolution: "convolution", max: "max pooling", average: "average pooling",
      size: "Window", stride: "Stride", padding: "Padding", kernel: "kernel",
      image: "image", map: "map", back: "Back", next: "Next",
      hint: "Press an arrow key on the image, drag its window, or use the buttons.",
      none: "The window does not fit: less stride or more padding would help.",
      greatest: "the greatest of", mean: "the mean of",
      window: (row, column, sum) => `Window at row ${row}, column ${column}: ${sum}`,
    },
  };
  const { make } = window.operated; // operated.js stands before this script on every page
  const words = window.operated.words(WORDS);
  const CELL = 36;
  let count = 0;

  const numbers = (text) => text.trim().split(";").map((row) => row.trim().split(/\s+/).map(Number));
  const shown = (value) => String(Math.round(value * 100) / 100).replace("-", "\u2212");

  function grid(values, { title, faded = () => false, frame, done = () => true }) {
    const rows = values.length, columns = values[0].length;
    const svg = make("svg", {
      viewBox: `-2 -2 ${columns * CELL + 4} ${rows * CELL + 4}`, role: "img", "aria-label": title,
      width: columns * CELL + 4, height: rows * CELL + 4,
    });
    values.forEach((row, i) => row.forEach((value, j) => {
      const known = done(i, j);
      make("rect", { x: j * CELL, y: i * CELL, width: CELL, height: CELL, class: faded(i, j) ? "cell pad" : "cell" }, svg);
      if (known) {
        make("text", { x: (j + 0.5) * CELL, y: (i + 0.5) * CELL, class: faded(i, j) ? "number pad" : "number" }, svg, shown(value));
      }
    }));
    if (frame) {
      make("rect", {
        x: frame.column * CELL, y: frame.row * CELL, width: frame.columns * CELL, height: frame.rows * CELL, class: "frame",
      }, svg);
    }
    return svg;
  }

  function build(root) {
    const id = `sliding-${count++}`;
    const image = numbers(root.dataset.image);
    const state = {
      operation: root.dataset.operation || "convolution", kernel: numbers(root.dataset.kernel || "1 0;0 1"),
      size: 2, stride: Number(root.dataset.stride || 1), padding: 0, place: 0,
    };
    const controls = make("div", { class: "controls" }, root);
    const choose = (name, options, current, change) => {
      const label = make("label", {}, controls, `${words[name]} `);
      const select = make("select", { "data-control": name }, label);
      options.forEach(([value, text]) => {
        const option = make("option", { value }, select, text);
        option.selected = String(value) === String(current);
      });
      select.addEventListener("change", () => { change(select.value); state.place = 0; draw(); });
      return label;
    };
    choose("operation", ["convolution", "max", "average"].map((o) => [o, words[o]]), state.operation,
      (value) => { state.operation = value; });
    const sizes = choose("size", [2, 3].map((n) => [n, `${n} \u00d7 ${n}`]), 2, (value) => { state.size = Number(value); });
    choose("stride", [1, 2, 3].map((n) => [n, n]), state.stride, (value) => { state.stride = Number(value); });
    choose("padding", [0, 1].map((n) => [n, n]), 0, (value) => { state.padding = Number(value); });

    const stage = make("div", { class: "stage" }, root);
    const picture = (title) => {
      const figure = make("figure", {}, stage);
      const holder = make("div", {}, figure);
      make("figcaption", {}, figure, title);
      return [figure, holder];
    };
    const [, imageHolder] = picture(words.image);
    const [kernelFigure, kernelHolder] = picture(words.kernel);
    const [, mapHolder] = picture(words.map);
    imageHolder.tabIndex = 0;
    imageHolder.setAttribute("role", "application");
    imageHolder.setAttribute("aria-label", words.image);
    imageHolder.setAttribute("aria-describedby", `${id}-hint`);

    const steps = make("div", { class: "steps" }, root);
    const back = make("button", { type: "button" }, steps, `\u25c0 ${words.back}`);
    const next = make("button", { type: "button" }, steps, `${words.next} \u25b6`);
    const sum = make("output", { class: "sum", "aria-live": "polite" }, root);
    make("p", { id: `${id}-hint`, class: "hint" }, root, words.hint);

    state.kernel.forEach((row, i) => {
      const line = make("div", { class: "row" }, kernelHolder);
      row.forEach((value, j) => {
        const input = make("input", { type: "number", step: "any", value, "aria-label": `${words.kernel} ${i + 1}, ${j + 1}` }, line);
        input.addEventListener("input", () => { state.kernel[i][j] = Number(input.value) || 0; draw(); });
      });
    });

    const geometry = () => {
      const convolution = state.operation === "convolution";
      const rows = convolution ? state.kernel.length : state.size;
      const columns = convolution ? state.kernel[0].length : state.size;
      const places = (length, window) => Math.floor((length + 2 * state.padding - window) / state.stride) + 1;
      return { rows, columns, height: places(image.length, rows), width: places(image[0].length, columns) };
    };
    const padded = () => {
      const p = state.padding, width = image[0].length + 2 * p;
      const blank = () => Array.from({ length: p }, () => Array(width).fill(0));
      return [...blank(), ...image.map((row) => [...Array(p).fill(0), ...row, ...Array(p).fill(0)]), ...blank()];
    };
    const isPad = (i, j) => i < state.padding || j < state.padding
      || i >= image.length + state.padding || j >= image[0].length + state.padding;

    /* The value at a place of the map, and how it comes about. */
    function value(i, j, pixels, { rows, columns }) {
      const terms = [], met = [];
      let total = 0;
      for (let m = 0; m < rows; m++) {
        for (let n = 0; n < columns; n++) {
          const r = i * state.stride + m, c = j * state.stride + n;
          if (state.operation === "convolution") {
            total += state.kernel[m][n] * pixels[r][c];
            const weight = state.kernel[m][n];
            terms.push(`${weight < 0 ? `(${shown(weight)})` : shown(weight)}\u00d7${shown(pixels[r][c])}`);
          } else if (state.operation === "average" || !isPad(r, c)) {
            met.push(pixels[r][c]);
          }
        }
      }
      if (state.operation === "convolution") return [total, `${terms.join(" + ")} = ${shown(total)}`];
      const list = met.map(shown).join(", ");
      if (state.operation === "max") return [Math.max(...met), `${words.greatest} ${list} = ${shown(Math.max(...met))}`];
      const mean = met.reduce((a, b) => a + b, 0) / (rows * columns);
      return [mean, `${words.mean} ${list} = ${shown(mean)}`];
    }

    function draw() {
      const pixels = padded(), g = geometry();
      kernelFigure.hidden = state.operation !== "convolution";
      sizes.hidden = state.operation === "convolution";
      const all = Math.max(g.height, 0) * Math.max(g.width, 0);
      back.disabled = state.place <= 0 || !all;
      next.disabled = state.place >= all - 1;
      if (!all) {
        imageHolder.replaceChildren(grid(pixels, { title: words.image, faded: isPad }));
        mapHolder.replaceChildren();
        sum.textContent = words.none;
        return;
      }
      state.place = Math.min(state.place, all - 1);
      const i = Math.floor(state.place / g.width), j = state.place % g.width;
      imageHolder.replaceChildren(grid(pixels, {
        title: words.image, faded: isPad,
        frame: { row: i * state.stride, column: j * state.stride, rows: g.rows, columns: g.columns },
      }));
      const map = Array.from({ length: g.height }, (_, r) => Array.from({ length: g.width }, (_, c) => value(r, c, pixels, g)[0]));
      mapHolder.replaceChildren(grid(map, {
        title: words.map, done: (r, c) => r * g.width + c <= state.place, frame: { row: i, column: j, rows: 1, columns: 1 },
      }));
      sum.textContent = words.window(i + 1, j + 1, value(i, j, pixels, g)[1]);
    }

    const go = (place) => {
      const g = geometry();
      state.place = Math.max(0, Math.min(place, g.height * g.width - 1));
      draw();
    };
    back.addEventListener("click", () => go(state.place - 1));
    next.addEventListener("click", () => go(state.place + 1));
    imageHolder.addEventListener("keydown", (event) => {
      const { width } = geometry();
      const column = state.place % width;
      const moves = {
        ArrowLeft: column > 0 ? -1 : 0, ArrowRight: column < width - 1 ? 1 : 0,
        ArrowUp: state.place >= width ? -width : 0, ArrowDown: state.place + width < width * geometry().height ? width : 0,
      };
      if (event.key in moves) { event.preventDefault(); go(state.place + moves[event.key]); }
    });
    const drag = (event) => {
      const svg = imageHolder.querySelector("svg"), box = svg.getBoundingClientRect();
      const g = geometry(), pixels = image[0].length + 2 * state.padding, cell = box.width / pixels;
      const nearest = (offset, window, places) => Math.max(0, Math.min(places - 1,
        Math.round((offset / cell - window / 2) / state.stride)));
      go(nearest(event.clientY - box.top, g.rows, g.height) * g.width + nearest(event.clientX - box.left, g.columns, g.width));
    };
    imageHolder.addEventListener("pointerdown", (event) => {
      imageHolder.setPointerCapture(event.pointerId);
      drag(event);
    });
    imageHolder.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
    draw();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".sliding-window").forEach(build));
})();
