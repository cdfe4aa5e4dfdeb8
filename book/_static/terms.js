/* A term's definition beside its link: at the pointer, by keyboard, and at the first tap.
   The build wrote it into the link's title; a second tap follows the link. Works from the disk. */
document.addEventListener("DOMContentLoaded", () => {
  const links = document.querySelectorAll(".bd-article a.reference:has(> .std-term)");
  if (!links.length) return;
  const note = document.createElement("div");
  note.className = "term-note";
  note.id = "term-note";
  note.setAttribute("role", "tooltip");
  note.hidden = true;
  document.body.append(note);
  let shownFor = null, waiting = 0, touched = false;

  function show(link) {
    clearTimeout(waiting);
    if (shownFor === link) return;
    hide();
    shownFor = link;
    note.textContent = link.dataset.definition;
    note.hidden = false;
    link.setAttribute("aria-describedby", note.id);
    const place = link.getClientRects()[0], gap = 6, edge = 8;
    const width = document.documentElement.clientWidth;
    const left = Math.max(edge, Math.min(place.left, width - note.offsetWidth - edge));
    const below = place.bottom + gap + note.offsetHeight <= window.innerHeight;
    const top = below ? place.bottom + gap : Math.max(edge, place.top - gap - note.offsetHeight);
    note.style.left = `${left + window.scrollX}px`;
    note.style.top = `${top + window.scrollY}px`;
  }
  function hide() {
    clearTimeout(waiting);
    shownFor?.removeAttribute("aria-describedby");
    shownFor = null;
    note.hidden = true;
  }
  /* The pointer may move from the link to the note, to read or to copy. */
  const later = () => { clearTimeout(waiting); waiting = setTimeout(hide, 200); };

  for (const link of links) {
    if (!link.title) continue;
    link.dataset.definition = link.title;
    link.removeAttribute("title");
    link.classList.add("term");
    link.addEventListener("pointerenter", (event) => { if (event.pointerType !== "touch") show(link); });
    link.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") later(); });
    link.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; });
    link.addEventListener("focus", () => { if (!touched) show(link); });
    link.addEventListener("blur", later);
    link.addEventListener("click", (event) => {
      if (touched && shownFor !== link) { event.preventDefault(); show(link); }
      touched = false;
    });
  }
  note.addEventListener("pointerenter", () => clearTimeout(waiting));
  note.addEventListener("pointerleave", later);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("pointerdown", (event) => {
    if (!note.contains(event.target) && !event.target.closest("a.term")) hide();
  });
});
