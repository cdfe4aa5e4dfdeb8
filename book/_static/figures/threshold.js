/* Threshold and prevalence: a model's scores, its ROC and precision-recall curves, and what becomes of
   1,000 children. data: labels (0 or 1) and scores, one a film. */
(() => {
  "use strict";
  const { make, shown, slider, plot, words, register } = window.operated;
  const WORDS = {
    en: {
      threshold: "Alarm from the score", prevalence: "Ill among 100 tested", films: "share of each", score: "score",
      ill: "ill", healthy: "healthy", sensitivity: "sensitivity", specificity: "specificity",
      falseAlarms: "1 \u2212 specificity", precision: "precision (PPV)", npv: "NPV",
      scores: "Scores of the ill, upwards, and of the healthy, downwards", roc: "ROC curve", curve: "Precision-recall curve",
      children: "Of 1,000 children", alarm: "alarm", silence: "no alarm", true: "true", false: "false", none: "none",
      missed: "missed", cleared: "cleared", found: "found", alarmed: "alarmed for nothing",
      said: (s, p) => `Alarm from ${s} on, ${p} ill among 100.`,
    },
  };
  const BINS = 20;

  register("threshold", (root, { labels, scores }) => {
    const w = words(WORDS);
    const ill = scores.filter((_, i) => labels[i] === 1), healthy = scores.filter((_, i) => labels[i] === 0);
    const state = { threshold: 0.5, prevalence: 100 * ill.length / scores.length };
    const from = (list, t) => list.filter((s) => s >= t).length / list.length;
    const worth = (found, alarmed, p) => (found * p) / (found * p + alarmed * (1 - p));

    const controls = make("div", { class: "controls" }, root);
    slider(controls, { name: "threshold", label: w.threshold, min: 0, max: 1, step: 0.01, value: 0.5 },
      (v) => { state.threshold = v; draw(); });
    slider(controls, { name: "prevalence", label: w.prevalence, min: 0.5, max: 95, step: 0.5, value: state.prevalence, digits: 1 },
      (v) => { state.prevalence = v; draw(); });
    state.prevalence = Number(root.querySelector("[name=prevalence]").value);

    const stage = make("div", { class: "stage" }, root);
    const heap = (list) => Array.from({ length: BINS }, (_, b) =>
      list.filter((s) => Math.min(Math.floor(s * BINS), BINS - 1) === b).length / list.length);
    const up = heap(ill), down = heap(healthy);
    const top = Math.max(...up) * 1.05, low = -Math.max(...down) * 1.1;
    const ticks = [0, 0.5, 1];
    const panel = (options) => plot(make("div", { class: "panel" }, stage), { width: 250, height: 215, digits: 1, ...options });

    const heaps = panel({ label: w.scores, x: [0, 1], y: [low, top], xLabel: w.score, yLabel: w.films, xTicks: ticks, yTicks: [] });
    [[up, "ill", 1], [down, "healthy", -1]].forEach(([shares, kind, sign]) => shares.forEach((count, b) => {
      if (!count) return;
      const y = sign > 0 ? heaps.up(count) : heaps.up(0);
      make("rect", {
        class: kind, x: heaps.across(b / BINS) + 0.5, width: heaps.across(1 / BINS) - heaps.across(0) - 1,
        y, height: Math.abs(heaps.up(count) - heaps.up(0)),
      }, heaps.svg);
    }));
    make("line", { class: "axis", x1: heaps.across(0), x2: heaps.across(1), y1: heaps.up(0), y2: heaps.up(0) }, heaps.svg);
    make("text", { x: heaps.across(0) + 6, y: heaps.up(top) + 14, class: "ill-name" }, heaps.svg, w.ill);
    make("text", { x: heaps.across(0) + 6, y: heaps.up(top) + 31, class: "healthy-name" }, heaps.svg, w.healthy);
    const line = make("line", { class: "threshold", y1: heaps.up(low), y2: heaps.up(top) }, heaps.svg);

    const roc = panel({ label: w.roc, x: [0, 1], y: [0, 1], xLabel: w.falseAlarms, yLabel: w.sensitivity, xTicks: ticks, yTicks: ticks });
    make("line", { class: "dice", x1: roc.across(0), y1: roc.up(0), x2: roc.across(1), y2: roc.up(1) }, roc.svg);
    const steps = [Infinity, ...[...new Set(scores)].sort((a, b) => b - a)].map((t) => [from(healthy, t), from(ill, t)]);
    make("polyline", { class: "curve", points: steps.map(([f, s]) => `${roc.across(f)},${roc.up(s)}`).join(" ") }, roc.svg);
    const rocPoint = make("circle", { class: "point", r: 5 }, roc.svg);

    const curve = panel({ label: w.curve, x: [0, 1], y: [0, 1], xLabel: w.sensitivity, yLabel: w.precision, xTicks: ticks, yTicks: ticks });
    const curveLine = make("polyline", { class: "curve" }, curve.svg);
    const curvePoint = make("circle", { class: "point", r: 5 }, curve.svg);

    const table = make("table", { class: "of-a-thousand" }, root);
    const cell = {};
    const row = (parts) => { const r = make("tr", {}, table); return parts.map(([tag, text, name]) => {
      const node = make(tag, tag === "th" ? { scope: r.children.length ? "col" : "row" } : {}, r, text);
      if (name) cell[name] = node;
      return node;
    }); };
    row([["th", w.children], ["th", w.alarm], ["th", w.silence]]);
    row([["th", w.ill], ["td", "", "tp"], ["td", "", "fn"]]);
    row([["th", w.healthy], ["td", "", "fp"], ["td", "", "tn"]]);
    const shares = make("dl", { class: "shares" }, root);
    for (const name of ["sensitivity", "specificity", "precision", "npv"]) {
      const pair = make("div", {}, shares);
      make("dt", {}, pair, w[name]);
      cell[name] = make("dd", {}, pair);
    }
    const said = make("p", { class: "said", "aria-live": "polite" }, root);

    function draw() {
      const t = state.threshold, p = state.prevalence / 100;
      const found = from(ill, t), alarmed = from(healthy, t);
      line.setAttribute("x1", heaps.across(t));
      line.setAttribute("x2", heaps.across(t));
      rocPoint.setAttribute("cx", roc.across(alarmed));
      rocPoint.setAttribute("cy", roc.up(found));
      const points = steps.filter(([f, s]) => f + s > 0).map(([f, s]) => [s, worth(s, f, p)]);
      curveLine.setAttribute("points", points.map(([s, v]) => `${curve.across(s)},${curve.up(v)}`).join(" "));
      const precision = found + alarmed > 0 ? worth(found, alarmed, p) : NaN;
      const npv = found + alarmed < 2 ? worth(1 - alarmed, 1 - found, 1 - p) : NaN;
      curvePoint.style.display = Number.isNaN(precision) ? "none" : "";
      if (!Number.isNaN(precision)) {
        curvePoint.setAttribute("cx", curve.across(found));
        curvePoint.setAttribute("cy", curve.up(precision));
      }
      const of = (share) => Math.round(1000 * share);
      const kinds = { tp: [p * found, w.found], fn: [p * (1 - found), w.missed], fp: [(1 - p) * alarmed, w.alarmed], tn: [(1 - p) * (1 - alarmed), w.cleared] };
      for (const [name, [share, word]] of Object.entries(kinds)) cell[name].textContent = `${of(share)} ${word}`;
      const values = { sensitivity: found, specificity: 1 - alarmed, precision, npv };
      for (const [name, value] of Object.entries(values)) cell[name].textContent = Number.isNaN(value) ? w.none : shown(value, 3);
      said.textContent = w.said(shown(t), shown(state.prevalence, 1));
    }
    draw();
  });
})();
