/* How an X-ray film forms: move a lesion through the phantom, change energy, photons and scatter, and
   see contrast and noise. data: size, pixel (mm), body, bone and lung (lengths along the beam in mm,
   packed), beams (attenuation per mm of soft tissue, lung and bone by energy), start (the settings). */
(() => {
  "use strict";
  const { make, shown, slider, button, plot, unpack, words, register } = operated;
  const WORDS = words({
    en: {
      energy: "Energy of the photons", photons: "Photons a pixel, in thousands", scatter: "Share of scattered photons",
      diameter: "Diameter of the lesion", film: "Film of the phantom", noise: "Noise", outline: "Outline", again: "New photons",
      hint: "Click or drag on the film to move the lesion. By keyboard: the arrow keys move it.",
      place: (row, column) => `lesion in row ${row}, column ${column}`,
      profile: "Share of the photons that is counted along the lesion's row", across: "along the row, in mm", share: "share counted",
      contrast: "Contrast", ratio: "Contrast-to-noise ratio", counts: "Photons counted behind it", root: "Their square root",
      spread: "Noise of this film, in square roots",
      clear: "without the lesion", ill: "with it", counted: "counted",
      said: (contrast, ratio) => `Contrast ${contrast}, contrast-to-noise ratio ${ratio}.`,
    },
  });
  const CELL = 5, TOP = 0.8;

  /* Photons are counted: a Poisson draw. From fifty on it is as good as normal. */
  function draw(mean) {
    if (mean < 50) {
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = Math.random(); product > limit; product *= Math.random()) count++;
      return count;
    }
    const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  register("phantom_physics", (root, data) => {
    const { size, pixel } = data;
    const [body, bone, lung] = ["body", "bone", "lung"].map((name) => unpack(data[name], "<f4"));
    const state = { ...data.start, noise: true, outline: true };
    let drawn;

    const distance = (i) => pixel * Math.hypot(Math.floor(i / size) - state.row, (i % size) - state.column);

    /* Beer and Lambert, and an even share of scatter; as companion.data.expected_counts. */
    function expected(filled) {
      const beam = data.beams[state.energy];
      const through = Array.from(body, (whole, i) => {
        const ball = filled ? 2 * Math.sqrt(Math.max((state.diameter / 2) ** 2 - distance(i) ** 2, 0)) : 0;
        const air = lung[i] - Math.min(ball, lung[i]);
        return state.photons * Math.exp(-(beam.soft * (whole - bone[i] - air) + beam.bone * bone[i] + beam.lung * air));
      });
      const scattered = state.scatter * mean(through);
      return through.map((count) => (1 - state.scatter) * count + scattered);
    }

    const controls = make("div", { class: "controls" }, root);
    const set = (name, factor = 1) => (value) => { state[name] = factor * value; update(); };
    slider(controls, { name: "energy", label: WORDS.energy, min: 40, max: 80, step: 5, value: state.energy, digits: 0, unit: " keV" }, set("energy"));
    slider(controls, { name: "photons", label: WORDS.photons, min: 0.1, max: 20, step: 0.1, value: state.photons / 1000, digits: 1 }, set("photons", 1000));
    slider(controls, { name: "scatter", label: WORDS.scatter, min: 0, max: 0.9, step: 0.05, value: state.scatter }, set("scatter"));
    slider(controls, { name: "diameter", label: WORDS.diameter, min: 4, max: 40, step: 2, value: state.diameter, digits: 0, unit: " mm" }, set("diameter"));

    const stage = make("div", { class: "stage" }, root);
    const left = make("div", { class: "film" }, stage);
    const canvas = make("canvas", { width: size * CELL, height: size * CELL, tabindex: 0, role: "application" }, left);
    const buttons = make("div", { class: "buttons" }, left);
    for (const name of ["noise", "outline"]) {
      const node = button(buttons, WORDS[name], () => {
        state[name] = !state[name];
        node.setAttribute("aria-pressed", state[name]);
        paint();
      });
      node.setAttribute("aria-pressed", true);
    }
    button(buttons, WORDS.again, () => { count(); paint(); });
    make("p", { class: "hint" }, left, WORDS.hint);

    const right = make("div", { class: "numbers" }, stage);
    const half = size * pixel / 2;
    const { svg, across, up } = plot(right, {
      label: WORDS.profile, x: [-half, half], y: [0, TOP], xLabel: WORDS.across, yLabel: WORDS.share,
      xTicks: [-100, -50, 0, 50, 100], yTicks: [0, 0.4, 0.8], width: 340, height: 230, digits: 2,
    });
    svg.querySelectorAll("text.tick.middle").forEach((tick) => { tick.textContent = tick.textContent.replace(".00", ""); });
    const dots = make("g", { class: "counted" }, svg);
    const lines = Object.fromEntries(["clear", "ill"].map((name) => [name, make("polyline", { class: name }, svg)]));
    const legend = make("p", { class: "legend" }, right);
    for (const name of ["clear", "ill", "counted"]) make("span", { class: name }, legend, WORDS[name]);
    const list = make("dl", {}, right);
    const cell = Object.fromEntries(["contrast", "ratio", "counts", "root", "spread"].map((name) => {
      const pair = make("div", {}, list);
      make("dt", {}, pair, WORDS[name]);
      return [name, make("dd", { "data-value": name }, pair)];
    }));
    const said = make("p", { class: "said", "aria-live": "polite" }, right);

    const of = { clear: [], ill: [] };
    function update() {
      of.clear = expected(false);
      of.ill = expected(true);
      const region = of.clear.map((_, i) => i).filter((i) => distance(i) <= state.diameter / 4);
      const without = mean(region.map((i) => of.clear[i])), behind = mean(region.map((i) => of.ill[i]));
      const contrast = (without - behind) / without, ratio = (without - behind) / Math.sqrt(without);
      Object.assign(root.dataset, {
        contrast, ratio, total: of.ill.reduce((sum, value) => sum + value, 0), row: state.row, column: state.column,
      });
      cell.contrast.textContent = `${shown(100 * contrast, 1)} %`;
      cell.ratio.textContent = shown(ratio);
      cell.counts.textContent = shown(behind, 0);
      cell.root.textContent = shown(Math.sqrt(behind), 1);
      said.textContent = WORDS.said(cell.contrast.textContent, cell.ratio.textContent);
      canvas.setAttribute("aria-label", `${WORDS.film}: ${WORDS.place(state.row + 1, state.column + 1)}`);
      count();
      paint();
    }

    function count() {
      drawn = of.ill.map(draw);
      const off = drawn.map((value, i) => (value - of.ill[i]) / Math.sqrt(of.ill[i]));
      root.dataset.spread = Math.sqrt(mean(off.map((value) => value ** 2)));
      cell.spread.textContent = shown(Number(root.dataset.spread));
    }

    function paint() {
      const counts = state.noise ? drawn : of.ill;
      const density = counts.map((value) => -Math.log(value + 1));
      const ranked = [...density].sort((a, b) => a - b), edge = Math.floor(ranked.length / 100);
      const low = ranked[edge], high = ranked[ranked.length - 1 - edge];
      const context = canvas.getContext("2d");
      density.forEach((value, i) => {
        const grey = Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low))));
        context.fillStyle = `rgb(${grey},${grey},${grey})`;
        context.fillRect((i % size) * CELL, Math.floor(i / size) * CELL, CELL, CELL);
      });
      if (state.outline) {
        for (const [width, colour] of [[4, "#000"], [2, "#e69f00"]]) {
          context.lineWidth = width;
          context.strokeStyle = colour;
          context.beginPath();
          context.arc((state.column + 0.5) * CELL, (state.row + 0.5) * CELL, state.diameter / 2 / pixel * CELL + 2, 0, 7);
          context.stroke();
        }
      }
      const place = (column) => across((column + 0.5) * pixel - half);
      const height = (value) => up(Math.min(TOP, value / state.photons));
      for (const [name, line] of Object.entries(lines)) {
        line.setAttribute("points", of[name].slice(state.row * size, (state.row + 1) * size).map((value, c) => `${place(c)},${height(value)}`).join(" "));
      }
      dots.replaceChildren();
      counts.slice(state.row * size, (state.row + 1) * size).forEach((value, c) => {
        if (value < TOP * state.photons) make("circle", { cx: place(c), cy: height(value), r: 1.8 }, dots);
      });
    }

    function move(row, column) {
      state.row = Math.max(0, Math.min(size - 1, row));
      state.column = Math.max(0, Math.min(size - 1, column));
      update();
    }
    function follow(event) {
      const box = canvas.getBoundingClientRect();
      move(Math.floor((event.clientY - box.top) / box.height * size), Math.floor((event.clientX - box.left) / box.width * size));
    }
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); follow(event); });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons) follow(event); });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!step) return;
      event.preventDefault();
      move(state.row + step[0], state.column + step[1]);
    });
    update();
  });
})();
