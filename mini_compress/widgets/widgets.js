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
  const { knobs, axis, between, settings } = JSON.parse(one("script").textContent);
  const controls = knobs.map((_, i) => root.elements[`knob${i}`]);
  const rows = knobs.map((_, i) => one(`[name=knob${i}]`).closest(".mcx-knob"));
  const slides = rows.map((row) => one("[type=range]", row));
  // how far a step of each knob leads in the list of settings
  const steps = knobs.map((_, i) => knobs.slice(i + 1).reduce((n, { length }) => n * length, 1));
  const digits = (at) => steps.map((step, i) => Math.floor(at / step) % knobs[i].length);
  const index = () => controls.reduce((at, { value }, i) => at + value * steps[i], 0);
  let last = index();

  // the nearest setting that was run: a name that was chosen stays, a slider
  // goes on; 1e6 is above 99, what a step between names counts, and that is
  // above any way of a slider
  const nearest = (by) => {
    const goal = digits(index()), now = digits(last);
    const far = (at) => settings[at] ? digits(at).reduce((sum, digit, i) => {
      const off = digit - goal[i], back = off * (goal[i] - now[i]) < 0;
      return sum + (slides[i] ? Math.abs(off) + 9 * back : off && (i == by ? 1e6 : 99));
    }, 0) : 1e9;
    return settings.reduce((best, _, at) => far(at) < far(best) ? at : best, last);
  };

  const stretch = (line, ends, of) => {
    line.style.display = ends ? "" : "none";
    ends?.forEach((end, i) => line.setAttribute(of + (i + 1), end + "%"));
  };
  const draw = (row, m, y, ends) => {
    const now = digits(last);
    const xs = knobs[axis].map((_, i, { length }) => +(100 * i / (length - 1)).toFixed(2));
    const path = (through, link) => {
      const points = xs.flatMap((x, i) => {
        const found = settings[through + (i - now[axis]) * steps[axis]]?.[m][2];
        return found == null ? [] : `${x} ${+(100 - found).toFixed(1)}`;
      });
      return points[0] ? `M${points.join(link)}h0` : "";
    };
    const others = knobs.flatMap((texts, k) => texts.map((_, i) =>
      k == axis || i == now[k] ? "" : path(last + (i - now[k]) * steps[k], between)));
    const paths = [others.join(""), path(last, between), path(last, "h0M")];
    each("path", (line, i) => { line.setAttribute("d", paths[i]); }, row);
    const x = xs[now[axis]], here = one(".mcx-here", row);
    one(".mcx-now", row).setAttribute("x", x + "%");
    stretch(one(".mcx-marker", row), y == null ? y : [100 - y, 100 - y], "y");
    stretch(one(".mcx-interval", row), ends?.map((end) => 100 - end), "y");
    if (!here) return;
    here.textContent = knobs[axis][now[axis]];
    here.style.textAnchor = x < 33 ? "start" : x < 67 ? "middle" : "end";
  };

  const show = (by) => {
    const before = digits(last), said = [];
    last = settings[index()] ? index() : nearest(by);
    digits(last).forEach((digit, i) => {
      const text = knobs[i][digit];
      controls[i].value = digit;
      one("b", rows[i]).textContent = text;
      slides[i]?.setAttribute("aria-valuetext", text);
      if (i != by && digit != before[i]) said.push(text);
      each(".mcx-ticks span, label", (mark, k) => {
        mark.classList.toggle("mcx-unrun", !settings[last + (k - digit) * steps[i]]);
      }, rows[i]);
    });
    const [picture, ...drawn] = settings[last];
    each("img", (image, i) => { image.hidden = i != picture; });
    const place = settings.slice(0, last).filter(Boolean).length;
    each("tbody tr", (row, i) => { row.ariaCurrent = i == place || null; });
    each(".mcx-metric", (row, i) => {
      const [number, interval, y, ends] = drawn[i], bar = one(".mcx-value", row);
      one("b", row).textContent = number;
      one(".mcx-figure small", row).textContent = interval;
      if (bar) stretch(bar, y == null ? y : bar.matches(".mcx-dot") ? [y, y] : [, y], "x");
      else draw(row, i + 1, y, ends);
      said.push(`${one(".mcx-name", row).firstChild.data} ${number} ${interval}`);
    });
    return said.join("; ");
  };
  each(":disabled", (control) => { control.disabled = false; });
  listen("input", ({ target }) => { one("output").textContent = show(target.name.slice(4)); });
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
