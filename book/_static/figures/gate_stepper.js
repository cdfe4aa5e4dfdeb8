/* One step of an LSTM or a GRU with one unit, gate after gate, every formula with its numbers.
   data: x, h, c (input, previous hidden state, previous cell); lstm {f, i, g, o} and gru {r, z, n},
   each [weight of x, weight of h, bias]; n has a second bias, which the reset gate multiplies. */
(() => {
  "use strict";
  const { make, shown, slider, button, select, words } = window.operated;
  const WORDS = {
    en: {
      cell: "Cell", lstm: "LSTM", gru: "GRU", x: "input x", h: "previous hidden state h", c: "previous cell c",
      back: "Back", next: "Next gate", time: "Next time step", reset: "Start again",
      drawing: { lstm: "An LSTM with one unit; what the present step computes is drawn bold.", gru: "A GRU with one unit; what the present step computes is drawn bold." },
      f: "forget gate", i: "input gate", g: "candidate", o: "output gate", c_new: "new cell", h_new: "new hidden state",
      r: "reset gate", z: "update gate", n: "candidate",
      hint: "A next time step takes the new state, rounded to two places, as the previous one and keeps the input.",
    },
  };
  const t = words(WORDS);
  const ORDER = { lstm: ["f", "i", "g", "c_new", "o", "h_new"], gru: ["r", "z", "n", "h_new"] };
  const sigmoid = (s) => 1 / (1 + Math.exp(-s));
  const two = (v) => (v < 0 ? `(${shown(v)})` : shown(v));
  const four = (v) => (v < 0 ? `(${shown(v, 4)})` : shown(v, 4));

  /* Every quantity of one step: its value, and the formula with its numbers. */
  function compute(kind, weights, { x, h, c }) {
    const found = {};
    const gate = (name, squash, sign) => {
      const [w, v, b] = weights[name];
      const sum = x * w + h * v + b;
      found[name] = {
        value: squash(sum),
        text: `${name} = ${sign}(${two(x)} \u00d7 ${two(w)} + ${two(h)} \u00d7 ${two(v)} + ${two(b)}) = ${sign}(${shown(sum, 4)})`,
      };
      return found[name].value;
    };
    if (kind === "lstm") {
      const f = gate("f", sigmoid, "\u03c3"), i = gate("i", sigmoid, "\u03c3"), g = gate("g", Math.tanh, "tanh");
      const cell = f * c + i * g;
      found.c_new = { value: cell, text: `c = f \u00d7 c + i \u00d7 g = ${four(f)} \u00d7 ${two(c)} + ${four(i)} \u00d7 ${four(g)}` };
      const o = gate("o", sigmoid, "\u03c3");
      found.h_new = { value: o * Math.tanh(cell), text: `h = o \u00d7 tanh(c) = ${four(o)} \u00d7 tanh(${shown(cell, 4)})` };
    } else {
      const r = gate("r", sigmoid, "\u03c3"), z = gate("z", sigmoid, "\u03c3");
      const [w, v, b, inner] = weights.n;
      const sum = x * w + b + r * (h * v + inner);
      const n = Math.tanh(sum);
      found.n = {
        value: n,
        text: `n = tanh(${two(x)} \u00d7 ${two(w)} + ${two(b)} + ${four(r)} \u00d7 (${two(h)} \u00d7 ${two(v)} + ${two(inner)})) = tanh(${shown(sum, 4)})`,
      };
      found.h_new = { value: z * h + (1 - z) * n, text: `h = z \u00d7 h + (1 \u2212 z) \u00d7 n = ${four(z)} \u00d7 ${two(h)} + ${four(1 - z)} \u00d7 ${four(n)}` };
    }
    return found;
  }

  /* The drawing: parts by the quantity to which they belong, so that the present one can be bold. */
  const box = (x, y, text, width = 34) => ({ x, y, text, width });
  const PARTS = {
    lstm: [
      ["c_new", "M34 30H326", box(84, 30, "\u00d7", 24), box(196, 30, "+", 24), box(196, 72, "\u00d7", 24)],
      ["f", "M84 186V42", box(84, 136, "\u03c3")],
      ["i", "M140 186V72H184", box(140, 136, "\u03c3")],
      ["g", "M196 186V42", box(196, 136, "tanh", 44)],
      ["o", "M252 186V136H288", box(252, 136, "\u03c3")],
      ["h_new", "M300 30V170H326", box(300, 84, "tanh", 44), box(300, 136, "\u00d7", 24)],
    ],
    gru: [
      ["h_new", "M34 30H326M280 72V30", box(216, 30, "\u00d7z", 32), box(280, 30, "+", 24), box(280, 80, "\u00d7(1\u2212z)", 56)],
      ["r", "M84 186V136H128", box(84, 136, "\u03c3")],
      ["n", "M150 186V80H252", box(150, 136, "tanh", 44)],
      ["z", "M216 186V44", box(216, 136, "\u03c3")],
    ],
  };
  const LABELS = {
    lstm: [["f", 92, 112], ["i", 148, 112], ["g", 204, 112], ["o", 257, 168]],
    gru: [["r", 92, 112], ["n", 160, 112], ["z", 224, 112]],
  };

  function drawing(parent, kind, found, step) {
    parent.replaceChildren();
    const svg = make("svg", { viewBox: "0 0 380 212", width: 380, height: 212, role: "img", "aria-label": t.drawing[kind], class: "cell" }, parent);
    make("path", { class: "way", d: "M40 186H" + (kind === "lstm" ? 252 : 216) }, svg);
    const now = ORDER[kind][step];
    const parts = [...PARTS[kind]].sort((a, b) => (a[0] === now) - (b[0] === now));
    for (const [name, path] of parts) make("path", { class: name === now ? "way now" : "way", d: path }, svg);
    for (const [name, , ...boxes] of parts) {
      for (const { x, y, text, width } of boxes) {
        make("rect", { class: name === now ? "box now" : "box", x: x - width / 2, y: y - 12, width, height: 24, rx: 6 }, svg);
        make("text", { class: "middle", x, y: y + 5 }, svg, text);
      }
    }
    const say = (text, x, y) => make("text", { x, y }, svg, text);
    for (const [name, x, y] of LABELS[kind]) {
      const known = ORDER[kind].indexOf(name) <= step;
      say(known ? `${name} ${shown(found[name].value)}` : name, x, y);
    }
    const old = kind === "lstm" ? "c" : "h";
    say(old, 14, 35);
    say(step >= ORDER[kind].indexOf(`${old}_new`) ? `${old} ${shown(found[`${old}_new`].value)}` : old, 330, 35);
    if (kind === "lstm") say(step >= 5 ? `h ${shown(found.h_new.value)}` : "h", 330, 175);
    say("x, h", 4, 191);
  }

  window.operated.register("gate_stepper", (root, data) => {
    const state = { kind: "lstm", step: 0, x: data.x, h: data.h, c: data.c };
    const controls = make("div", { class: "controls" }, root);
    const kinds = select(controls, { name: "cell", label: t.cell, options: { lstm: t.lstm, gru: t.gru }, value: "lstm" },
      (value) => { state.kind = value; state.step = 0; draw(); });
    const inputs = {};
    for (const [name, reach] of [["x", 2], ["h", 1], ["c", 8]]) {
      inputs[name] = slider(controls, { name, label: t[name], min: -reach, max: reach, step: 0.01, value: state[name] },
        (value) => { state[name] = value; draw(); });
    }
    const stage = make("div", { class: "stage" }, root);
    const picture = make("div", {}, stage);
    const list = make("ol", { class: "formulas" }, stage);
    const buttons = make("div", { class: "buttons" }, root);
    const back = button(buttons, t.back, () => { state.step--; draw(); });
    const next = button(buttons, t.next, () => { state.step++; draw(); });
    const time = button(buttons, t.time, () => {
      const found = compute(state.kind, data[state.kind], state);
      set("h", found.h_new.value);
      if (state.kind === "lstm") set("c", found.c_new.value);
      draw();
    });
    button(buttons, t.reset, () => {
      state.step = 0;
      for (const name of ["x", "h", "c"]) set(name, data[name]);
      draw();
    });
    const spoken = make("output", { class: "spoken", "aria-live": "polite" }, root);
    make("p", { class: "hint" }, root, t.hint);

    /* Move a slider by hand of the script; its own listener tells its value and draws. */
    function set(name, value) {
      inputs[name].value = value.toFixed(2);
      inputs[name].dispatchEvent(new Event("input"));
    }

    function draw() {
      const order = ORDER[state.kind];
      inputs.c.parentElement.hidden = state.kind === "gru";
      const found = compute(state.kind, data[state.kind], state);
      drawing(picture, state.kind, found, state.step);
      list.replaceChildren();
      order.slice(0, state.step + 1).forEach((name, place) => {
        const item = make("li", { "data-name": name, class: place === state.step ? "now" : "" }, list);
        make("span", { class: "name" }, item, t[name]);
        make("span", { class: "formula" }, item, `${found[name].text} = `);
        make("strong", {}, item, shown(found[name].value, 4));
      });
      const name = order[state.step];
      spoken.textContent = `${t[name]}: ${shown(found[name].value, 4)}`;
      back.disabled = state.step === 0;
      next.disabled = state.step === order.length - 1;
      time.disabled = !next.disabled;
      kinds.value = state.kind;
    }
    draw();
  });
})();
