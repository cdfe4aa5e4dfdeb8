/* A CT slice under a window that two sliders set. data: values, Hounsfield units as half-precision
   numbers, whole ones up to 2048 exact; rows, columns; counts, one a bin of the histogram, which begins
   at first and is step wide; presets, centre and width by name; start, the preset to begin with; place,
   the chosen pixel. */
(() => {
  "use strict";
  const { make, shown, slider, button, plot, unpack, words, register } = window.operated;
  const WORDS = words({
    en: {
      center: "Level (centre)", width: "Window (width)", presets: { lung: "Lung", soft: "Soft tissue", body: "Body", bone: "Bone" },
      slice: "The slice under this window", histogram: "How many pixels have each value, and the window",
      value: "Hounsfield units", pixels: "pixels (log scale)",
      ends: (low, high) => `Black is ${low} HU and below, white is ${high} HU and above.`,
      here: (row, column, value, grey) => `Row ${row}, column ${column}: ${value} HU, drawn as grey ${grey} of 255.`,
      hint: "Click a pixel, or move the circle by arrow keys on the picture (with Shift by ten).",
    },
    zh: {
      center: "窗位（中心）", width: "窗宽", presets: { lung: "肺窗", soft: "软组织窗", body: "体部窗", bone: "骨窗" },
      slice: "此窗下的层面", histogram: "各值的像素数，以及窗的范围",
      value: "亨氏单位", pixels: "像素数（对数）",
      ends: (low, high) => `${low} HU 及以下为黑，${high} HU 及以上为白。`,
      here: (row, column, value, grey) => `第 ${row} 行第 ${column} 列：${value} HU，显示为灰度 ${grey}（共 255）。`,
      hint: "点击一个像素，或在图上用方向键移动圆圈（按住 Shift 每次十格）。",
    },
  });

  register("window_level", (root, data) => {
    const { rows, columns, counts, first, step } = data;
    const values = unpack(data.values);
    const state = { center: data.presets[data.start][0], width: data.presets[data.start][1], place: [...data.place] };
    /* PS3.3 C.11.2.1.2.1: the ends of the window are black and white. */
    const ends = () => [state.center - 0.5 - (state.width - 1) / 2, state.center - 0.5 + (state.width - 1) / 2];
    const grey = (value, [low, high]) =>
      high > low ? Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1)) : 255 * (value > low);

    const controls = make("div", { class: "controls" }, root);
    const center = slider(controls, { name: "center", label: WORDS.center, min: -1000, max: 1000, step: 5, value: state.center, digits: 0, unit: " HU" },
      (value) => { state.center = value; draw(); });
    const width = slider(controls, { name: "width", label: WORDS.width, min: 5, max: 3000, step: 5, value: state.width, digits: 0, unit: " HU" },
      (value) => { state.width = value; draw(); });
    const buttons = make("div", { class: "buttons" }, root);
    for (const [name, [c, w]] of Object.entries(data.presets)) {
      button(buttons, WORDS.presets[name], () => {
        center.value = c;
        width.value = w;
        for (const input of [center, width]) input.dispatchEvent(new Event("input"));
      });
    }

    const stage = make("div", { class: "stage" }, root);
    const figure = make("figure", { class: "picture" }, stage);
    const surface = make("div", { class: "surface", tabindex: 0, role: "application", "aria-label": WORDS.slice }, figure);
    const canvas = make("canvas", { width: columns, height: rows }, surface);
    const overlay = make("svg", { viewBox: `0 0 ${columns} ${rows}`, "aria-hidden": "true" }, surface);
    const ring = make("circle", { r: columns / 75 }, overlay);
    const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);

    const top = Math.log10(Math.max(...counts) + 1);
    const range = [first, first + step * counts.length];
    const axes = plot(make("div", { class: "panel" }, stage), {
      label: WORDS.histogram, x: range, y: [0, top], xLabel: WORDS.value, yLabel: WORDS.pixels,
      xTicks: [-1000, -500, 0, 500, 1000], yTicks: [], width: 300, height: 240, digits: 0,
    });
    counts.forEach((n, k) => {
      if (!n) return;
      const y = axes.up(Math.log10(n + 1));
      make("rect", { class: "bar", x: axes.across(first + k * step), width: axes.across(step) - axes.across(0), y, height: axes.up(0) - y }, axes.svg);
    });
    const shade = make("rect", { class: "window", y: axes.up(top), height: axes.up(0) - axes.up(top) }, axes.svg);
    const ramp = make("polyline", { class: "ramp" }, axes.svg);
    const said = make("p", { class: "said", "aria-live": "polite" }, root);
    make("p", { class: "hint" }, root, WORDS.hint);

    function draw() {
      const window_ = ends();
      for (let k = 0; k < values.length; k++) {
        const g = grey(values[k], window_);
        image.data[4 * k] = image.data[4 * k + 1] = image.data[4 * k + 2] = g;
        image.data[4 * k + 3] = 255;
      }
      context.putImageData(image, 0, 0);
      const [low, high] = window_.map((v) => axes.across(Math.min(Math.max(v, range[0]), range[1])));
      shade.setAttribute("x", low);
      shade.setAttribute("width", Math.max(high - low, 1));
      ramp.setAttribute("points", `${axes.across(range[0])},${axes.up(0)} ${low},${axes.up(0)} ${high},${axes.up(top)} ${axes.across(range[1])},${axes.up(top)}`);
      say(window_);
    }

    function say(window_) {
      const [row, column] = state.place;
      ring.setAttribute("cx", column + 0.5);
      ring.setAttribute("cy", row + 0.5);
      const value = values[row * columns + column];
      said.textContent = `${WORDS.ends(...window_.map((v) => shown(v, v % 1 ? 1 : 0)))} ${WORDS.here(row + 1, column + 1, shown(value, 0), grey(value, window_))}`;
    }

    function move(row, column) {
      state.place = [Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(column, 0), columns - 1)];
      say(ends());
    }
    const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    surface.addEventListener("keydown", (event) => {
      if (!(event.key in MOVES)) return;
      event.preventDefault();
      const far = event.shiftKey ? 10 : 1;
      move(state.place[0] + far * MOVES[event.key][0], state.place[1] + far * MOVES[event.key][1]);
    });
    surface.addEventListener("click", (event) => {
      const box = canvas.getBoundingClientRect();
      move(Math.floor((event.clientY - box.top) / box.height * rows), Math.floor((event.clientX - box.left) / box.width * columns));
    });
    draw();
  });
})();
