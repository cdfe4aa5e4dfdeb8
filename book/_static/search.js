/* The excerpt under a hit is cut from the page's text: leave out set-up and imports there, too. */
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const whole = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(".unsearched, details.hide > summary").forEach((block) => block.remove());
    return whole(page.documentElement.outerHTML, anchor);
  };
});
