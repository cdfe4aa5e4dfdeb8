/* Tables of numbers: an interval stands under its score, long names may break at an underscore,
   and on a narrow screen a shadow says that there is more to the right. */
document.addEventListener("DOMContentLoaded", () => {
  const SCORE = /^([\u2212+-]?[\d.]+ ?%?) (\[.+\])$/; // the brackets may say why there is no interval
  const NUMBER = /^[\u2212+-]?[\d.,]+(e[+-]?\d+)?( ?%)?$/;
  for (const cell of document.querySelectorAll(".bd-article table.dataframe td, .bd-article table.dataframe th")) {
    const text = cell.textContent.trim(), score = text.match(SCORE);
    if (score) {
      const interval = document.createElement("span");
      interval.className = /[a-z]/.test(score[2]) ? "interval reason" : "interval";
      interval.textContent = score[2];
      cell.replaceChildren(`${score[1]} `, interval);
    } else if (!NUMBER.test(text)) {
      cell.classList.add("words");
      if (text.length > 32) cell.classList.add("long");
      if (!cell.children.length) {
        const parts = text.split("_");
        cell.replaceChildren(...parts.flatMap((part, i) =>
          i < parts.length - 1 ? [`${part}_`, document.createElement("wbr")] : [part]));
      }
    }
  }
  const boxes = [];
  for (const table of document.querySelectorAll(".bd-article table")) {
    if (table.closest(".operated-figure, .highlight")) continue;
    const box = document.createElement("div"), scroller = document.createElement("div");
    box.className = "table-box";
    scroller.className = "table-scroller";
    table.replaceWith(box);
    box.append(scroller);
    scroller.append(table);
    const look = () => {
      const more = scroller.scrollWidth - scroller.clientWidth;
      box.classList.toggle("more", more - scroller.scrollLeft > 1);
      if (more > 1) {
        scroller.tabIndex = 0; // by keyboard too
        scroller.setAttribute("role", "region");
        scroller.setAttribute("aria-label", table.caption?.textContent.trim() || document.title);
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) scroller.removeAttribute(name);
      }
    };
    scroller.addEventListener("scroll", look, { passive: true });
    boxes.push(look);
  }
  const all = () => boxes.forEach((look) => look());
  window.addEventListener("resize", all);
  window.addEventListener("load", all);
  all();
});
