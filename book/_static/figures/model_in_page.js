/* The document's model in the page: change a small picture and see what the model says of it.
   Layers and weights come from the page's own run, as 16-bit numbers; the arithmetic is here. */
(() => {
  "use strict";
  const { make, shown, slider, button, select, unpack, words } = operated;
  const WORDS = words({
    en: {
      picture: "Picture", brush: "Brush", brightness: "Brighter or darker", reset: "Reset",
      marker: "bright marker, 3 × 3 pixels", erase: "mean grey, 7 × 7 pixels", black: "black, 5 × 5 pixels",
      canvas: "Picture of 28 × 28 pixels to be painted on",
      hint: "Click or drag on the picture to paint. By keyboard: arrow keys move the frame, the space bar paints.",
      says: (now) => `Probability of pneumonia: ${now}`,
      before: (then, label) => `The untouched picture: ${then} (${label})`,
      place: (row, column) => `frame at row ${row}, column ${column}`,
    },
  });
  const SIDE = 28, CELL = 12;
  const BRUSHES = { marker: [3, () => 1], erase: [7, (data) => data.mean], black: [5, () => 0] };

  /* One pass. Maps are stored channel by channel, as PyTorch stores and flattens them. */
  function build(layers) {
    const ready = layers.map((l) => ({ ...l, weight: unpack(l.weight), bias: unpack(l.bias) }));
    return (pixels) => {
      let maps = { values: Float32Array.from(pixels), channels: 1, side: SIDE };
      for (const layer of ready) {
        if (layer.kind === "convolution") maps = pool(convolve(maps, layer));
        else maps = { values: dense(maps.values, layer) };
      }
      return 1 / (1 + Math.exp(-maps.values[0]));
    };
  }

  /* Odd last rows and columns are left out, as pooling drops them. */
  function convolve({ values, channels, side }, { weight, bias, units }) {
    const out = (side - 2) & ~1, found = new Float32Array(units * out * out);
    for (let unit = 0; unit < units; unit++) {
      const start = unit * out * out;
      found.fill(bias[unit], start, start + out * out);
      for (let channel = 0; channel < channels; channel++) {
        const k = (unit * channels + channel) * 9, from = channel * side * side;
        const [a, b, c, d, e, f, g, h, i] = weight.subarray(k, k + 9);
        for (let row = 0; row < out; row++) {
          for (let column = 0; column < out; column++) {
            const p = from + row * side + column, q = p + side, r = q + side;
            found[start + row * out + column] +=
              a * values[p] + b * values[p + 1] + c * values[p + 2]
              + d * values[q] + e * values[q + 1] + f * values[q + 2]
              + g * values[r] + h * values[r + 1] + i * values[r + 2];
          }
        }
      }
    }
    return { values: found, channels: units, side: out };
  }

  /* The greatest of each 2 x 2 window, and nothing below zero: ReLU and pooling may change places. */
  function pool({ values, channels, side }) {
    const out = Math.floor(side / 2), found = new Float32Array(channels * out * out);
    for (let channel = 0; channel < channels; channel++) {
      for (let row = 0; row < out; row++) {
        for (let column = 0; column < out; column++) {
          const p = channel * side * side + 2 * row * side + 2 * column;
          found[(channel * out + row) * out + column] =
            Math.max(0, values[p], values[p + 1], values[p + side], values[p + side + 1]);
        }
      }
    }
    return { values: found, channels, side: out };
  }

  function dense(values, { weight, bias, units, kind }) {
    return Float32Array.from({ length: units }, (_, unit) => {
      let total = bias[unit];
      for (let i = 0; i < values.length; i++) total += weight[unit * values.length + i] * values[i];
      return kind === "last" ? total : Math.max(0, total);
    });
  }

  operated.register("model_in_page", (root, data) => {
    const model = build(data.layers);
    const pictures = unpack(data.pictures, "u1");
    const state = { picture: 0, brush: "marker", shift: 0, row: 14, column: 14, framed: false };
    let painted, original;

    const controls = make("div", { class: "controls" }, root);
    const names = Object.fromEntries(data.names.map((name, number) => [number, name]));
    select(controls, { name: "picture", label: WORDS.picture, options: names, value: 0 }, (value) => open(Number(value)));
    select(controls, {
      name: "brush", label: WORDS.brush, value: state.brush,
      options: Object.fromEntries(Object.keys(BRUSHES).map((name) => [name, WORDS[name]])),
    }, (value) => { state.brush = value; draw(); });

    const stage = make("div", { class: "stage" }, root);
    const canvas = make("canvas", {
      width: SIDE * CELL, height: SIDE * CELL, tabindex: 0, role: "application", "aria-label": WORDS.canvas,
    }, stage);
    const side = make("div", { class: "answer" }, stage);
    const says = make("output", { class: "says", "aria-live": "polite" }, side);
    const bar = make("div", { class: "bar", "aria-hidden": "true" }, side);
    const then = make("i", { class: "then" }, bar), now = make("i", { class: "now" }, bar);
    const before = make("p", { class: "before" }, side);
    const brightness = slider(side, {
      name: "brightness", label: WORDS.brightness, min: -0.4, max: 0.4, step: 0.02, value: 0,
    }, (value) => { state.shift = value; answer(); });
    button(side, WORDS.reset, () => open(state.picture));
    make("p", { class: "hint" }, side, WORDS.hint);

    function open(number) {
      state.picture = number;
      state.shift = 0;
      brightness.value = 0;
      brightness.parentElement.querySelector("output").textContent = shown(0);
      original = Float32Array.from(pictures.subarray(number * SIDE * SIDE, (number + 1) * SIDE * SIDE), (v) => v / 255);
      painted = new Float32Array(SIDE * SIDE).fill(NaN);
      state.before = model(original);
      before.textContent = WORDS.before(shown(state.before, 3), data.labels[number]);
      then.style.left = `${100 * state.before}%`;
      answer();
    }

    function pixels() {
      return original.map((value, i) => Number.isNaN(painted[i]) ? Math.min(1, Math.max(0, value + state.shift)) : painted[i]);
    }

    function answer() {
      const chance = model(pixels());
      root.dataset.probability = chance;
      says.textContent = WORDS.says(shown(chance, 3));
      now.style.width = `${100 * chance}%`;
      draw();
    }

    function draw() {
      const context = canvas.getContext("2d");
      pixels().forEach((value, i) => {
        const grey = Math.round(255 * value);
        context.fillStyle = `rgb(${grey},${grey},${grey})`;
        context.fillRect((i % SIDE) * CELL, Math.floor(i / SIDE) * CELL, CELL, CELL);
      });
      if (!state.framed) return;
      const [size] = BRUSHES[state.brush], reach = (size - 1) / 2;
      const box = [(state.column - reach) * CELL, (state.row - reach) * CELL, size * CELL, size * CELL];
      context.lineWidth = 4;
      context.strokeStyle = "#000";
      context.strokeRect(...box);
      context.lineWidth = 2;
      context.strokeStyle = "#e69f00";
      context.strokeRect(...box);
    }

    function paint() {
      const [size, value] = BRUSHES[state.brush], reach = (size - 1) / 2;
      for (let row = Math.max(0, state.row - reach); row <= Math.min(SIDE - 1, state.row + reach); row++) {
        for (let column = Math.max(0, state.column - reach); column <= Math.min(SIDE - 1, state.column + reach); column++) {
          painted[row * SIDE + column] = value(data);
        }
      }
      answer();
    }

    function point(event) {
      const box = canvas.getBoundingClientRect();
      const place = (offset, length) => Math.max(0, Math.min(SIDE - 1, Math.floor(offset / length * SIDE)));
      state.row = place(event.clientY - box.top, box.height);
      state.column = place(event.clientX - box.left, box.width);
    }

    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      point(event);
      paint();
    });
    canvas.addEventListener("pointermove", (event) => {
      const { row, column } = state;
      point(event);
      if (row === state.row && column === state.column && state.framed) return;
      state.framed = true;
      if (event.buttons) paint();
      else draw();
    });
    canvas.addEventListener("pointerleave", () => {
      if (document.activeElement !== canvas) { state.framed = false; draw(); }
    });
    canvas.addEventListener("focus", () => { state.framed = true; draw(); });
    canvas.addEventListener("blur", () => { state.framed = false; draw(); });
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      if (event.key === " ") paint();
      else if (event.key in moves) {
        const [down, across] = moves[event.key];
        state.row = Math.max(0, Math.min(SIDE - 1, state.row + down));
        state.column = Math.max(0, Math.min(SIDE - 1, state.column + across));
        draw();
      } else return;
      event.preventDefault();
      canvas.setAttribute("aria-label", `${WORDS.canvas}: ${WORDS.place(state.row + 1, state.column + 1)}`);
    });
    open(0);
  });
})();
