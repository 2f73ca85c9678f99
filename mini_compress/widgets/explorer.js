(() => {
  const root = document.currentScript.closest(".mcx");
  const all = (selector) => [...root.querySelectorAll(selector)];
  const data = JSON.parse(all("script")[0].textContent);
  const knobs = all(".mcx-knob"), metrics = all(".mcx-metric");

  const stretch = (line, ends) => {
    line.style.display = ends ? "" : "none";
    (ends || []).forEach((x, i) => line.setAttribute("x" + (i + 1), x + "%"));
  };

  const show = (speak) => {
    const form = new FormData(root), said = [];
    let at = 0;
    data.knobs.forEach((values, i) => {
      const choice = +form.get("knob" + i), range = all("[name=knob" + i + "]")[0];
      at = at * values.length + choice;
      knobs[i].querySelector("b").textContent = values[choice];
      if (range.type == "range") range.ariaValueText = values[choice];
    });
    const [picture, ...drawn] = data.settings[at];
    all("img").forEach((image, i) => { image.hidden = i != picture; });
    all("tbody tr").forEach((row, i) => { row.ariaCurrent = i == at ? "true" : null; });
    drawn.forEach(([number, interval, bar, ends], i) => {
      const part = (selector) => metrics[i].querySelector(selector);
      part("b").textContent = number;
      part(".mcx-figure small").textContent = interval;
      stretch(part(".mcx-bar, .mcx-dot"), bar);
      stretch(part(".mcx-interval"), ends);
      said.push([part(".mcx-name").firstChild.data, number, interval].join(" "));
    });
    if (speak) all("output")[0].textContent = said.join("; ");
  };

  all("[disabled]").forEach((control) => { control.disabled = false; });
  root.addEventListener("input", () => show(true));
  // JupyterLab would take arrows and letters as commands for its cells; its
  // shortcuts with Ctrl, such as saving, and Escape must still reach it
  for (const type of ["keydown", "keypress", "keyup"])
    root.addEventListener(type, (event) => {
      if (!(event.ctrlKey || event.metaKey || event.altKey || event.key == "Escape"))
        event.stopPropagation();
    });
  show(false);
})();
