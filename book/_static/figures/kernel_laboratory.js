/* A kernel over a film: its map, the pixels and products of one value, and what one value of the
   first, second and third convolution depends on. */
(() => {
  "use strict";
  const { make, register, select, shown, unpack, words } = window.operated;
  const WORDS = words({
    en: {
      kernel: "Kernel", weights: "Weights", own: "your own",
      kernels: {
        sides: "edges, left to right", levels: "edges, top to bottom", blur: "blur",
        sharpen: "sharpen", learned: "learned in ten steps",
      },
      weight: (row, column) => `weight in row ${row}, column ${column}`,
      depth: "Receptive fields drawn", depths: { 1: "one layer", 2: "two layers", 3: "three layers" },
      film: "The film", map: "The map", products: "Pixel × weight = product",
      field: (layer, size) => `convolution ${layer}: ${size} × ${size} pixels`,
      hint: "Click a value of the map, or a pixel of the film; or move by arrow keys on the map (with Shift by ten).",
      signs: (least, most) => `red above zero, blue below; from ${least} to ${most}`,
      greys: (least, most) => `black ${least}, white ${most}`,
      sum: (row, column, value) => `Row ${row}, column ${column} of the map: the nine products add up to ${value}.`,
    },
    zh: {
      kernel: "卷积核", weights: "权重", own: "自定义",
      kernels: { sides: "边缘（左右方向）", levels: "边缘（上下方向）", blur: "模糊", sharpen: "锐化", learned: "十步学得" },
      weight: (row, column) => `第 ${row} 行第 ${column} 列的权重`,
      depth: "显示的感受野", depths: { 1: "一层", 2: "两层", 3: "三层" },
      film: "胸片", map: "特征图", products: "像素 × 权重 = 乘积",
      field: (layer, size) => `第 ${layer} 个卷积层：${size} × ${size} 像素`,
      hint: "点击特征图上的一个值或胸片上的一个像素；或在特征图上用方向键移动（按住 Shift 每次十格）。",
      signs: (least, most) => `红色大于零，蓝色小于零；${least} 到 ${most}`,
      greys: (least, most) => `黑色 ${least}，白色 ${most}`,
      sum: (row, column, value) => `特征图第 ${row} 行第 ${column} 列：九个乘积之和为 ${value}。`,
    },
  });
  const COLOURS = ["#0072b2", "#d55e00", "#009e73"];
  /* Of the document's model: side of what one value sees, and pixels from one value to the next. */
  const FIELDS = [{ size: 3, jump: 1 }, { size: 8, jump: 2 }, { size: 18, jump: 4 }];

  /* Red above zero, white at zero, blue below; v from -1 to 1. */
  function signed(v) {
    const end = v < 0 ? [5, 48, 97] : [103, 0, 31], middle = v < 0 ? [67, 147, 195] : [214, 96, 77];
    const t = Math.min(Math.abs(v), 1), white = [247, 247, 247];
    return t < 0.5 ? white.map((w, i) => w + (middle[i] - w) * 2 * t) : middle.map((m, i) => m + (end[i] - m) * (2 * t - 1));
  }

  function paint(canvas, side, colour) {
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d"), image = context.createImageData(side, side);
    for (let k = 0; k < side * side; k++) {
      const [r, g, b] = colour(k);
      image.data.set([r, g, b, 255], 4 * k);
    }
    context.putImageData(image, 0, 0);
  }

  register("kernel_laboratory", (root, data) => {
    const side = data.size, places = side - 2;
    const bytes = unpack(data.pixels, "u1");
    const pixel = (row, column) => bytes[row * side + column] / 255;
    const state = { kernel: data.kernels.sides.map((row) => [...row]), place: [...data.place], depth: 3, map: [] };

    const controls = make("div", { class: "controls" }, root);
    const options = { ...WORDS.kernels, own: WORDS.own };
    const chosen = select(controls, { name: "kernel", label: WORDS.kernel, options, value: "sides" }, (name) => {
      if (name in data.kernels) state.kernel = data.kernels[name].map((row) => [...row]);
      inputs.forEach((input, k) => { input.value = Number(state.kernel[Math.floor(k / 3)][k % 3].toFixed(3)); });
      convolve();
    });
    select(controls, { name: "depth", label: WORDS.depth, options: WORDS.depths, value: "3" }, (value) => {
      state.depth = Number(value);
      mark();
    });
    const field = make("fieldset", { class: "weights" }, controls);
    make("legend", {}, field, WORDS.weights);
    const table = make("div", {}, field);
    const inputs = state.kernel.flatMap((row, i) => row.map((value, j) => {
      const input = make("input", { type: "number", step: "any", value, "aria-label": WORDS.weight(i + 1, j + 1) }, table);
      input.addEventListener("input", () => {
        state.kernel[i][j] = Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : 0;
        chosen.value = "own";
        convolve();
      });
      return input;
    }));

    const stage = make("div", { class: "stage" }, root);
    const picture = (name, title, attributes) => {
      const figure = make("figure", { class: `picture ${name}` }, stage);
      const surface = make("div", { class: "surface", ...attributes }, figure);
      const canvas = make("canvas", {}, surface);
      make("figcaption", {}, figure, title);
      return { figure, surface, canvas };
    };
    const film = picture("film", WORDS.film, {});
    const map = picture("map", WORDS.map, { tabindex: 0, role: "application", "aria-label": WORDS.map });
    const range = make("p", { class: "range" }, map.figure);
    const list = make("ul", { class: "fields" }, film.figure);
    const overlay = (holder, length) => make("svg", { viewBox: `0 0 ${length} ${length}`, "aria-hidden": "true" }, holder.surface);
    const onFilm = overlay(film, side), onMap = overlay(map, places);
    const close = make("figure", { class: "picture" }, stage);
    const products = make("div", { class: "products" }, close);
    make("figcaption", {}, close, WORDS.products);
    const sum = make("output", { class: "sum", "aria-live": "polite" }, root);
    make("p", { class: "hint" }, root, WORDS.hint);
    paint(film.canvas, side, (k) => [bytes[k], bytes[k], bytes[k]]);

    function convolve() {
      const w = state.kernel;
      state.map = Array.from({ length: places * places }, (_, k) => {
        const row = Math.floor(k / places), column = k % places;
        let total = 0;
        for (let m = 0; m < 3; m++) for (let n = 0; n < 3; n++) total += w[m][n] * pixel(row + m, column + n);
        return total;
      });
      let least = Infinity, most = -Infinity;
      for (const value of state.map) { least = Math.min(least, value); most = Math.max(most, value); }
      const total = w.flat().reduce((a, b) => a + b, 0);
      if (Math.abs(total) < 0.02 || least < 0) {
        const limit = Math.max(-least, most) || 1;
        paint(map.canvas, places, (k) => signed(state.map[k] / limit));
        range.textContent = WORDS.signs(shown(least, 3), shown(most, 3));
      } else {
        const width = most - least || 1;
        paint(map.canvas, places, (k) => Array(3).fill(255 * (state.map[k] - least) / width));
        range.textContent = WORDS.greys(shown(least, 3), shown(most, 3));
      }
      mark();
    }

    function mark() {
      const [row, column] = state.place;
      products.replaceChildren();
      let total = 0;
      for (let m = 0; m < 3; m++) {
        for (let n = 0; n < 3; n++) {
          const x = pixel(row + m, column + n), w = state.kernel[m][n];
          total += x * w;
          const cell = make("span", {}, products, `${shown(x)} \u00d7\u00a0${w < 0 ? `(${shown(w)})` : shown(w)}`);
          make("b", {}, cell, shown(x * w));
        }
      }
      sum.textContent = WORDS.sum(row + 1, column + 1, shown(total, 3));
      onMap.replaceChildren();
      make("rect", { x: column - 1, y: row - 1, width: 3, height: 3, stroke: "#000", "stroke-width": 2 }, onMap);
      onFilm.replaceChildren();
      list.replaceChildren();
      FIELDS.slice(0, state.depth).forEach(({ size, jump }, k) => {
        const last = Math.floor((side - size) / jump);
        /* The value of that layer whose field lies nearest around the middle of the window. */
        const start = (middle) => jump * Math.max(0, Math.min(last, Math.round((middle - size / 2) / jump)));
        make("rect", {
          x: start(column + 1.5), y: start(row + 1.5), width: size, height: size,
          stroke: COLOURS[k], "stroke-width": 2.5, "data-layer": k + 1,
        }, onFilm);
        const item = make("li", {}, list);
        make("i", { style: `border-color: ${COLOURS[k]}`, "aria-hidden": "true" }, item);
        make("span", {}, item, WORDS.field(k + 1, size));
      });
    }

    const go = (row, column) => {
      state.place = [row, column].map((v) => Math.max(0, Math.min(places - 1, Math.round(v))));
      mark();
    };
    const point = (event, surface, length, offset) => {
      const box = surface.getBoundingClientRect();
      const at = (along, whole) => Math.floor(along / whole * length) - offset;
      go(at(event.clientY - box.top, box.height), at(event.clientX - box.left, box.width));
    };
    for (const [holder, length, offset] of [[map, places, 0], [film, side, 1]]) {
      holder.surface.addEventListener("click", (event) => point(event, holder.surface, length, offset));
      holder.surface.addEventListener("pointermove", (event) => {
        if (event.pointerType === "mouse" && event.buttons) point(event, holder.surface, length, offset);
      });
    }
    map.surface.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 10 : 1;
      const moves = { ArrowLeft: [0, -step], ArrowRight: [0, step], ArrowUp: [-step, 0], ArrowDown: [step, 0] };
      if (!(event.key in moves)) return;
      event.preventDefault();
      go(state.place[0] + moves[event.key][0], state.place[1] + moves[event.key][1]);
    });
    convolve();
  });
})();
