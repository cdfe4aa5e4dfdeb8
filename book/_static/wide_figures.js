/* On a narrow screen a wide figure stays large enough for its labels, and scrolls by itself. */
window.addEventListener("load", () => {
  const DENSITY = 2; // figures are stored for screens of twice the density
  const SMALLEST = 0.8;
  document.querySelectorAll(".bd-article div.cell_output img:is([src$='.png'], [src$='.webp'])").forEach((image) => {
    const readable = (SMALLEST * image.naturalWidth) / DENSITY;
    if (readable <= image.parentElement.clientWidth) return;
    const box = document.createElement("div");
    box.className = "wide-figure";
    box.tabIndex = 0; // by keyboard too
    image.replaceWith(box);
    box.append(image);
    image.style.width = `${readable}px`;
  });
});
