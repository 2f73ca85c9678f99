(() => {
  const root = document.currentScript.closest(".mcx");
  const all = (selector) => [...root.querySelectorAll(selector)];
  const one = (selector) => root.querySelector(selector);

  // JupyterLab takes arrows and letters as commands for its cells; Escape and
  // what is pressed with Ctrl, such as to save, must still reach it
  for (const type of ["keydown", "keypress", "keyup"])
    root.addEventListener(type, (event) => {
      const { ctrlKey, metaKey, altKey, key } = event;
      if (!(ctrlKey || metaKey || altKey || key == "Escape"))
        event.stopPropagation();
    });
  all(":disabled").forEach((control) => { control.disabled = false; });

  const predict = () => {
    const button = one("button"), answer = one("details");
    answer.hidden = button.disabled = true;
    button.hidden = false;
    root.onchange = () => { button.disabled = false; };
    button.onclick = () => {
      const holds = one(":checked").value == root.dataset.answer;
      one("output").textContent =
        `Your prediction ${holds ? "holds" : "does not hold"}.`;
      all("input").forEach((input, i) => {
        input.disabled = true;
        input.parentNode.classList.toggle("mcx-answer", i == root.dataset.answer);
      });
      answer.hidden = false;
      answer.open = button.hidden = true;
      one("summary").focus();
    };
  };

  const explore = () => {
    const { knobs, settings } = JSON.parse(one("script").textContent);
    const stretch = (line, ends) => {
      line.style.display = ends ? "" : "none";
      (ends || []).forEach((x, i) => line.setAttribute(`x${i + 1}`, `${x}%`));
    };
    const show = () => {
      const form = new FormData(root), said = [];
      let at = 0;
      all(".mcx-knob").forEach((row, i) => {
        const choice = +form.get(`knob${i}`), text = knobs[i][choice];
        at = at * knobs[i].length + choice;
        row.querySelector("b").textContent = text;
        row.querySelectorAll("[type=range]").forEach((range) => { range.ariaValueText = text; });
      });
      const [picture, ...drawn] = settings[at];
      all("img").forEach((image, i) => { image.hidden = i != picture; });
      all("tbody tr").forEach((row, i) => { row.ariaCurrent = i == at || null; });
      all(".mcx-metric").forEach((row, i) => {
        const part = (selector) => row.querySelector(selector);
        const [number, interval, bar, ends] = drawn[i];
        part("b").textContent = number;
        part(".mcx-figure small").textContent = interval;
        stretch(part(".mcx-value"), bar);
        stretch(part(".mcx-interval"), ends);
        said.push(`${part(".mcx-name").firstChild.data} ${number} ${interval}`);
      });
      return said.join("; ");
    };
    root.oninput = () => { one("output").textContent = show(); };
    show();
  };

  root.dataset.answer ? predict() : explore();
})();
