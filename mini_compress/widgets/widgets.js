const predict = () => {
  const button = one("button"), details = one("details"), { answer } = root.dataset;
  // not the attribute hidden: paper shows the answer
  details.className = "mcx-veiled";
  button.disabled = true;
  button.hidden = false;
  listen("change", () => { button.disabled = false; });
  button.onclick = () => {
    const holds = one(":checked").value == answer;
    one("output").textContent = `Your prediction ${holds ? "holds" : "does not hold"}.`;
    each("input", (input, i) => {
      input.disabled = true;
      input.parentNode.classList.toggle("mcx-answer", i == answer);
    });
    details.className = "";
    details.open = button.hidden = true;
    one("summary").focus();
  };
};

const explore = () => {
  const { knobs, settings } = JSON.parse(one("script").textContent);
  const stretch = (line, ends) => {
    line.style.display = ends ? "" : "none";
    ends?.forEach((x, i) => line.setAttribute(`x${i + 1}`, `${x}%`));
  };
  const show = () => {
    const form = new FormData(root), said = [];
    let at = 0;
    each(".mcx-knob", (row, i) => {
      const choice = +form.get(`knob${i}`), text = knobs[i][choice];
      at = at * knobs[i].length + choice;
      one("b", row).textContent = text;
      one("[type=range]", row)?.setAttribute("aria-valuetext", text);
    });
    const [picture, ...drawn] = settings[at];
    each("img", (image, i) => { image.hidden = i != picture; });
    each("tbody tr", (row, i) => { row.ariaCurrent = i == at || null; });
    each(".mcx-metric", (row, i) => {
      const [number, interval, bar, ends] = drawn[i];
      one("b", row).textContent = number;
      one(".mcx-figure small", row).textContent = interval;
      stretch(one(".mcx-value", row), bar);
      stretch(one(".mcx-interval", row), ends);
      said.push(`${one(".mcx-name", row).firstChild.data} ${number} ${interval}`);
    });
    return said.join("; ");
  };
  each(":disabled", (control) => { control.disabled = false; });
  listen("input", () => { one("output").textContent = show(); });
  show();
};

// the sliders of ipywidgets have no name, and count their values from 0
const live = () => listen("focusin keyup", ({ target }) => {
  const row = target.closest(".widget-hslider");
  if (!row) return;
  target.ariaLabel = one(".widget-label", row).textContent;
  target.ariaValueText = one(".widget-readout", row).textContent;
});

(one("[type$=json]") ? explore : root.dataset.answer ? predict : live)();
