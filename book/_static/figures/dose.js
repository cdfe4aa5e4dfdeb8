/* Weights of beams by slider, the dose in a slice and the dose-volume histogram. data: angles, one a beam;
   rows, columns; ct, greys as u1; slice, each beam's dose in the slice (half precision, beam by beam);
   structures, by name: outline, closed lines of [column, row]; doses, each beam's dose in some of its
   voxels, packed in the same way; count, how many voxels; goals, {d95, d10, core}. All in Gy. */
(() => {
  "use strict";
  const { make, shown, slider, button, select, plot, unpack, words, register } = window.operated;
  const WORDS = words({
    en: {
      beam: (angle) => `From ${angle}°`, slice: "Dose in an axial slice", histogram: "Dose-volume histogram",
      dose: "dose (Gy)", volume: "volume (%)", all: "As planned", front: "Front beam only", scale: "Scaling",
      scales: { none: "as the weights give it", d95: "D95 of the target to 50 Gy" },
      names: { target: "target", core: "core", body: "body" },
      said: (d95, d10, core, body) => `Target: D95 ${d95} Gy, D10 ${d10} Gy. Core: D10 ${core} Gy. Mean of the body: ${body} Gy.`,
      met: "All three goals are met.", missed: (list) => `Missed: ${list}.`,
      goals: { d95: "D95", d10: "D10", core: "core D10" }, dark: "The target gets no dose.",
    },
    zh: {
      beam: (angle) => `${angle}° 射束`, slice: "横断面剂量", histogram: "剂量体积直方图",
      dose: "剂量（Gy）", volume: "体积（%）", all: "按计划", front: "仅前方射束", scale: "归一",
      scales: { none: "按权重", d95: "靶区 D95 归一到 50 Gy" },
      names: { target: "靶区", core: "核心", body: "身体" },
      said: (d95, d10, core, body) => `靶区：D95 ${d95} Gy，D10 ${d10} Gy。核心：D10 ${core} Gy。身体平均：${body} Gy。`,
      met: "三个目标均已达到。", missed: (list) => `未达到：${list}。`,
      goals: { d95: "D95", d10: "D10", core: "核心 D10" }, dark: "靶区没有剂量。",
    },
  });
  /* Colours of the dose, violet to yellow (viridis), by share of the scale's end. */
  const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
  const TOP = 60, LEAST = 2.5;
  const colour = (gy) => {
    const at = Math.min(gy / TOP, 1) * (STOPS.length - 1), low = Math.min(Math.floor(at), STOPS.length - 2);
    return STOPS[low].map((value, k) => value + (at - low) * (STOPS[low + 1][k] - value));
  };
  /* As numpy.percentile: linear between two of the sorted values. */
  function percentile(sorted, percent) {
    const at = percent / 100 * (sorted.length - 1), low = Math.floor(at);
    return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
  }

  register("dose", (root, data) => {
    const { angles, rows, columns, goals } = data, beams = angles.length, names = Object.keys(data.structures);
    const split = (text) => {
      const all = unpack(text), size = all.length / beams;
      return angles.map((_, k) => all.subarray(k * size, (k + 1) * size));
    };
    const slice = split(data.slice), ct = unpack(data.ct, "u1");
    const voxels = Object.fromEntries(names.map((name) => [name, split(data.structures[name].doses)]));
    const state = { weights: angles.map(() => 100), scale: "none" };
    const sum = (parts) => {
      const total = new Float64Array(parts[0].length);
      parts.forEach((part, k) => { for (let i = 0; i < total.length; i++) total[i] += part[i] * state.weights[k] / 100; });
      return total;
    };

    const stage = make("div", { class: "stage" }, root);
    const figure = make("figure", { class: "picture" }, stage);
    const surface = make("div", { class: "surface", role: "img", "aria-label": WORDS.slice }, figure);
    const canvas = make("canvas", { width: columns, height: rows }, surface);
    const overlay = make("svg", { viewBox: `0 0 ${columns} ${rows}`, "aria-hidden": "true" }, surface);
    for (const name of names) {
      for (const line of data.structures[name].outline) {
        make("polyline", { class: `outline ${name}`, points: line.map((point) => point.join(",")).join(" ") }, overlay);
      }
    }
    const key = make("svg", { viewBox: "0 0 290 34", width: 290, height: 34, class: "key plot", "aria-hidden": "true" }, figure);
    for (let k = 0; k < 60; k++) make("rect", { x: 10 + 4 * k, y: 0, width: 4.2, height: 12, fill: `rgb(${colour((k + 0.5) * TOP / 60).map(Math.round)})` }, key);
    for (const gy of [0, 20, 40, 60]) make("text", { x: 10 + 4 * gy, y: 27, class: "tick middle" }, key, `${gy}${gy === 60 ? " Gy" : ""}`);
    const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
    const axes = plot(make("div", { class: "panel" }, stage), {
      label: WORDS.histogram, x: [0, 75], y: [0, 100], xLabel: WORDS.dose, yLabel: WORDS.volume,
      xTicks: [0, 25, 50, 75], yTicks: [0, 50, 100], width: 330, height: 260, digits: 0,
    });
    const curves = Object.fromEntries(names.map((name) => [name, make("polyline", { class: `curve ${name}` }, axes.svg)]));
    names.forEach((name, k) => {
      make("line", { class: `curve ${name}`, x1: axes.across(61), x2: axes.across(65), y1: axes.up(92 - 9 * k), y2: axes.up(92 - 9 * k) }, axes.svg);
      make("text", { x: axes.across(66), y: axes.up(92 - 9 * k) + 4 }, axes.svg, WORDS.names[name]);
    });
    const controls = make("div", { class: "controls" }, root);
    const inputs = angles.map((angle, k) => slider(controls,
      { name: `beam-${k}`, label: WORDS.beam(shown(angle, 0)), min: 0, max: 200, step: 5, value: 100, digits: 0, unit: " %" },
      (value) => { state.weights[k] = value; draw(); }));
    const buttons = make("div", { class: "buttons" }, root);
    const set = (weights) => {
      weights.forEach((value, k) => { inputs[k].value = value; inputs[k].dispatchEvent(new Event("input")); });
    };
    button(buttons, WORDS.all, () => set(angles.map(() => 100)));
    button(buttons, WORDS.front, () => set(angles.map((_, k) => (k ? 0 : 100))));
    select(buttons, { name: "scale", label: WORDS.scale, options: WORDS.scales, value: "none" }, (value) => { state.scale = value; draw(); });
    const said = make("p", { class: "said", "aria-live": "polite" }, root);

    function draw() {
      const sorted = Object.fromEntries(names.map((name) => [name, sum(voxels[name]).sort()]));
      const d95 = percentile(sorted.target, 5);
      const factor = state.scale === "d95" && d95 > 0 ? goals.d95 / d95 : 1;
      const dose = sum(slice);
      for (let k = 0; k < dose.length; k++) {
        const gy = dose[k] * factor, part = gy < LEAST ? 0 : 0.7, over = colour(gy);
        for (let c = 0; c < 3; c++) image.data[4 * k + c] = Math.round((1 - part) * ct[k] + part * over[c]);
        image.data[4 * k + 3] = 255;
      }
      context.putImageData(image, 0, 0);
      for (const name of names) {
        const values = sorted[name], n = values.length, points = [];
        for (let gy = 0, k = 0; gy <= 75; gy += 0.5) {
          while (k < n && values[k] * factor < gy) k++;
          points.push(`${axes.across(gy).toFixed(2)},${axes.up(100 * (1 - k / n)).toFixed(2)}`);
        }
        curves[name].setAttribute("points", points.join(" "));
      }
      const body = sorted.body.reduce((total, value) => total + value, 0) / sorted.body.length * factor;
      const found = { d95: d95 * factor, d10: percentile(sorted.target, 90) * factor, core: percentile(sorted.core, 90) * factor };
      /* Goals are compared as they are shown, to one digit. */
      const round = (value) => Number(value.toFixed(1));
      const missed = Object.keys(found).filter((name) => (name === "d95" ? round(found[name]) < goals[name] : round(found[name]) > goals[name]));
      const numbers = WORDS.said(...[found.d95, found.d10, found.core, body].map((value) => shown(value, 1)));
      const verdict = missed.length ? WORDS.missed(missed.map((name) => WORDS.goals[name]).join(", ")) : WORDS.met;
      said.textContent = `${numbers} ${state.scale === "d95" && !(d95 > 0) ? WORDS.dark : verdict}`;
    }
    draw();
  });
})();
