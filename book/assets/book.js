/* Figures open large, in a window of their own; paper is always light. */

const large = document.createElement("dialog");
large.className = "large figure";
large.setAttribute("aria-label", "Figure");
large.innerHTML =
  '<form method="dialog"><button>Close</button></form>' +
  '<div tabindex="0" role="group" aria-label="Figure"></div>';
large.addEventListener("click", (event) => {
  if (!event.target.closest("form, svg")) large.close();
});

for (const box of document.querySelectorAll(".bd-article .figure")) {
  const number = box.parentElement.querySelector(".caption-number");
  const button = document.createElement("button");
  button.className = "enlarge";
  button.setAttribute("aria-label", `Show ${number?.textContent ?? "it"}large`);
  button.addEventListener("click", () => {
    const drawing = box.querySelector("svg").cloneNode(true); // the wide one
    large.lastChild.replaceChildren(drawing);
    large.showModal();
  });
  box.append(button);
}
document.querySelector(".bd-article")?.append(large);

const page = document.documentElement.dataset;
let theme;
addEventListener("beforeprint", () => {
  theme = page.theme;
  page.theme = "light";
});
addEventListener("afterprint", () => {
  page.theme = theme;
});
