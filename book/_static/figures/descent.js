/* One weight on its way down the loss of one neuron. data: inputs and labels, one a film; start, the
   first weight; rates, those that the buttons set; range, the weights that are drawn. */
(() => {
  "use strict";
  const { make, shown, slider, button, plot, words, register } = window.operated;
  const WORDS = words({
    en: {
      rate: "Learning rate", slow: "Too small", right: "About right", fast: "Too large",
      step: "One step", ten: "Ten steps", again: "Start again", curve: "Loss against the weight, and the steps taken",
      weight: "weight w", loss: "loss",
      said: (n, w, slope, loss) => `After ${n} steps: w = ${w}, slope = ${slope}, loss = ${loss}.`,
      next: (move, from, to) => `Next step: w − ${from} × slope = ${to}, a move of ${move}.`,
      outside: "The weight has left the picture.",
    },
    zh: {
      rate: "学习率", slow: "太小", right: "合适", fast: "太大",
      step: "走一步", ten: "走十步", again: "重新开始", curve: "损失随权重的变化，以及走过的步",
      weight: "权重 w", loss: "损失",
      said: (n, w, slope, loss) => `${n} 步之后：w = ${w}，斜率 = ${slope}，损失 = ${loss}。`,
      next: (move, from, to) => `下一步：w − ${from} × 斜率 = ${to}，移动 ${move}。`,
      outside: "权重已离开图的范围。",
    },
  });

  register("descent", (root, data) => {
    const { inputs, labels, start, rates, range } = data;
    const count = inputs.length;
    const mean = (each) => inputs.reduce((sum, x, i) => sum + each(x, labels[i]), 0) / count;
    const probability = (z) => 1 / (1 + Math.exp(-z));
    /* log(1 + e^z) without overflow, less y z: the cross-entropy of a logit. */
    const loss = (w) => mean((x, y) => Math.max(w * x, 0) + Math.log1p(Math.exp(-Math.abs(w * x))) - y * w * x);
    const slope = (w) => mean((x, y) => (probability(w * x) - y) * x);
    const state = { rate: rates.right, path: [start] };

    const controls = make("div", { class: "controls" }, root);
    const rate = slider(controls, { name: "rate", label: WORDS.rate, min: 0.2, max: 60, step: 0.2, value: state.rate, digits: 1 },
      (value) => { state.rate = value; draw(); });
    const presets = make("div", { class: "buttons" }, root);
    for (const name of ["slow", "right", "fast"]) {
      button(presets, WORDS[name], () => {
        rate.value = rates[name];
        state.path = [start];
        rate.dispatchEvent(new Event("input"));
      });
    }
    const buttons = make("div", { class: "buttons" }, root);
    const walk = (steps) => {
      for (let n = 0; n < steps; n++) {
        const w = state.path[state.path.length - 1];
        state.path.push(w - state.rate * slope(w));
      }
      draw();
    };
    button(buttons, WORDS.step, () => walk(1));
    button(buttons, WORDS.ten, () => walk(10));
    button(buttons, WORDS.again, () => { state.path = [start]; draw(); });

    const panel = make("div", { class: "panel" }, root);
    const weights = Array.from({ length: 121 }, (_, k) => range[0] + k / 120 * (range[1] - range[0]));
    const heights = weights.map(loss);
    const top = Math.max(...heights) * 1.05;
    const ticks = (from, to, step) => Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, k) => from + k * step);
    const axes = plot(panel, {
      label: WORDS.curve, x: range, y: [0, top], xLabel: WORDS.weight, yLabel: WORDS.loss, width: 480, height: 280,
      xTicks: ticks(Math.ceil(range[0] / 4) * 4, range[1], 4), yTicks: ticks(0, top, 1), digits: 0,
    });
    make("polyline", { class: "curve", points: weights.map((w, k) => `${axes.across(w)},${axes.up(heights[k])}`).join(" ") }, axes.svg);
    const tangent = make("line", { class: "slope" }, axes.svg);
    const trail = make("g", {}, axes.svg);
    const said = make("p", { class: "said", "aria-live": "polite" }, root);

    function draw() {
      const w = state.path[state.path.length - 1], steep = slope(w), height = loss(w);
      const inside = (v) => v >= range[0] && v <= range[1];
      trail.replaceChildren();
      const seen = state.path.slice(-40);
      const place = (v) => [axes.across(Math.min(Math.max(v, range[0]), range[1])), axes.up(Math.min(loss(v), top))];
      make("polyline", { class: "way", points: seen.map((v) => place(v).join(",")).join(" ") }, trail);
      for (const v of seen) {
        const [cx, cy] = place(v);
        make("circle", { cx, cy, r: v === w ? 5.5 : 3.5, class: v === w ? "now" : "" }, trail);
      }
      tangent.style.display = inside(w) ? "" : "none";
      const reach = 1.6;
      for (const [end, side] of [["1", -reach], ["2", reach]]) {
        tangent.setAttribute(`x${end}`, axes.across(w + side));
        tangent.setAttribute(`y${end}`, axes.up(height + steep * side));
      }
      const move = -state.rate * steep;
      const parts = [WORDS.said(state.path.length - 1, shown(w, 3), shown(steep, 3), shown(height, 3))];
      parts.push(WORDS.next(shown(move, 3), shown(state.rate, 1), shown(w + move, 3)));
      if (!inside(w)) parts.push(WORDS.outside);
      said.textContent = parts.join(" ");
    }
    draw();
  });
})();
