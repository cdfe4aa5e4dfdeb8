/* The reader study: twenty films one after another, Normal or Pneumonia, and only then who was right.
   data: side, films (packed bytes), labels, chances (the network's probabilities), models (by name
   network, size and always: a decision a film), z (of the interval), synthetic (films are phantoms). */
(() => {
  "use strict";
  const { make, shown, button, unpack, words, register } = operated;
  const WORDS = words({
    en: {
      film: (number, all) => `Film ${number} of ${all}`, answers: ["Normal (N)", "Pneumonia (P)"], names: ["normal", "pneumonia"],
      undo: "Undo (U)", again: "Start again",
      hint: "By keyboard: N or the left arrow for normal, P or the right arrow for pneumonia, U to undo. Nothing is stored or sent.",
      synthetic: "The films of patients were not at hand when this page was built: these are synthetic phantoms.",
      done: "Your score, and others' on the same films", who: "Who", right: "right", share: "share", interval: "95 % interval",
      you: "you", network: "the network", size: "the size of the file", always: "always pneumonia",
      scored: (right, all, low, high, width) => `You were right on ${right} of ${all} films. Wilson's interval reaches from ${low} to ${high}: it is ${width} wide.`,
      found: (found, ill, cleared, healthy) => `Of ${ill} films labelled pneumonia you found ${found}; of ${healthy} labelled normal you let ${cleared} pass.`,
      review: "Film by film", label: "label", said: "you", chance: "network", wrong: "not as labelled", last: "You said",
    },
  });

  /* Wilson's interval of a share of n. */
  function wilson(right, n, z) {
    const share = right / n, scale = 1 + z * z / n;
    const middle = (share + z * z / (2 * n)) / scale;
    const half = z * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale;
    return [Math.max(0, middle - half), Math.min(1, middle + half)];
  }

  register("reader_study", (root, data) => {
    const { side, labels } = data, all = labels.length;
    const pixels = unpack(data.films, "u1");
    let answers = [];

    function paint(canvas, number) {
      const context = canvas.getContext("2d"), picture = context.createImageData(side, side);
      for (let i = 0; i < side * side; i++) {
        picture.data.fill(pixels[number * side * side + i], 4 * i, 4 * i + 3);
        picture.data[4 * i + 3] = 255;
      }
      context.putImageData(picture, 0, 0);
    }

    if (data.synthetic) make("p", { class: "synthetic" }, root, WORDS.synthetic);
    const reading = make("div", { class: "reading" }, root);
    const now = make("p", { class: "now", "aria-live": "polite" }, reading);
    const canvas = make("canvas", { width: side, height: side, tabindex: 0, role: "img" }, reading);
    const choices = make("div", { class: "choices" }, reading);
    WORDS.answers.forEach((text, answer) => button(choices, text, () => say(answer)));
    const result = make("div", { class: "result" }, root);
    const others = make("div", { class: "choices others" }, root);
    const back = button(others, WORDS.undo, undo);
    const restart = button(others, WORDS.again, () => { answers = []; show(); canvas.focus(); });
    make("p", { class: "hint" }, root, WORDS.hint);

    function say(answer) {
      if (answers.length === all) return;
      answers.push(answer);
      show();
    }
    function undo() {
      answers.pop();
      show();
    }

    function show() {
      const ended = answers.length === all;
      reading.hidden = ended;
      result.hidden = !ended;
      back.disabled = restart.disabled = answers.length === 0;
      root.dataset.answered = answers.length;
      result.replaceChildren();
      if (ended) return finish();
      const last = answers.length ? ` (${WORDS.last}: ${WORDS.names[answers.at(-1)]})` : "";
      now.textContent = WORDS.film(answers.length + 1, all) + last;
      canvas.setAttribute("aria-label", WORDS.film(answers.length + 1, all));
      paint(canvas, answers.length);
    }

    function finish() {
      const heading = make("p", { class: "done", tabindex: -1 }, result, WORDS.done);
      const table = make("table", {}, result);
      const head = make("tr", {}, make("thead", {}, table)), rows = make("tbody", {}, table);
      for (const text of [WORDS.who, WORDS.right, WORDS.share, WORDS.interval]) make("th", { scope: "col" }, head, text);
      for (const [name, decisions] of [["you", answers], ...Object.entries(data.models)]) {
        const right = decisions.filter((answer, i) => answer === labels[i]).length;
        const [low, high] = wilson(right, all, data.z);
        const row = make("tr", { class: name }, rows);
        make("th", { scope: "row" }, row, WORDS[name]);
        for (const text of [`${right}`, shown(right / all)]) make("td", {}, row, text);
        const ends = make("td", {}, row, `${shown(low)}\u2013${shown(high)}`);
        const bar = make("span", { class: "bar", "aria-hidden": "true" }, ends);
        make("i", { style: `left:${100 * low}%;width:${100 * (high - low)}%` }, bar);
        make("b", { style: `left:${100 * right / all}%` }, bar);
        if (name === "you") {
          const of = (label) => labels.map((l, i) => [l, answers[i]]).filter(([l]) => l === label);
          const [healthy, ill] = [of(0), of(1)], same = (pairs) => pairs.filter(([l, a]) => l === a).length;
          const live = make("div", { "aria-live": "polite" }, result);
          make("p", { class: "scored" }, live, WORDS.scored(right, all, shown(low), shown(high), shown(high - low)));
          make("p", { class: "found" }, live, WORDS.found(same(ill), ill.length, same(healthy), healthy.length));
        }
      }
      make("p", { class: "done" }, result, WORDS.review);
      const list = make("ol", { class: "review" }, result);
      answers.forEach((answer, i) => {
        const item = make("li", { class: answer === labels[i] ? "same" : "other" }, list);
        paint(make("canvas", { width: side, height: side, role: "img", "aria-label": WORDS.film(i + 1, all) }, item), i);
        make("span", {}, item, `${i + 1}. ${WORDS.label}: ${WORDS.names[labels[i]]}`);
        make("span", {}, item, `${WORDS.said}: ${WORDS.names[answer]}${answer === labels[i] ? "" : `, ${WORDS.wrong}`}`);
        make("span", {}, item, `${WORDS.chance}: ${shown(data.chances[i])}`);
      });
      heading.focus();
    }

    root.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const answer = { n: 0, ArrowLeft: 0, p: 1, ArrowRight: 1 }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (answer !== undefined) say(answer);
      else if (event.key.toLowerCase() === "u" || event.key === "Backspace") undo();
      else return;
      event.preventDefault();
      if (answers.length < all) canvas.focus({ preventScroll: true });
    });
    show();
  });
})();
