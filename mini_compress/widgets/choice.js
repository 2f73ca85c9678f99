const { knobs, limits, costs, shown } = JSON.parse(one("script").textContent);
const lines = [...root.querySelectorAll("tbody tr")];

// what fits comes first, then what fails by least; of equals the better one
const choose = () => {
  const form = new FormData(root), asked = knobs.map((_, i) => +form.get(`knob${i}`));
  each(".mcx-knob", (row, i) => { one("b", row).textContent = knobs[i][asked[i]]; });
  const misses = lines.map((line, i) => {
    let miss = 0;
    const fails = limits.filter(({ ends }, k) => {
      const excess = Math.log(costs[asked[0]][i][k] / ends[asked[0]][asked[k + 1]]);
      if (excess > 0) miss += 1 + excess;
      return excess > 0;
    });
    line.cells[1].textContent = fails.map(({ name }) => name).join(", ");
    line.classList.toggle("mcx-out", miss);
    [0, 1, 2].forEach((k) => { line.cells[k + 3].textContent = shown[asked[0]][i][k]; });
    return miss;
  });
  const sorted = lines.map((_, i) => i).sort((a, b) => misses[a] - misses[b] || a - b);
  one("tbody").append(...sorted.map((i) => lines[i]));
  const fit = misses.filter((miss) => !miss).length, first = lines[sorted[0]];
  const [{ textContent: name }] = first.cells;
  return fit ? `${fit} of ${lines.length} fit. Best: ${name}.` : `Nothing fits. Closest: ${name}; it fails ${first.cells[1].textContent}.`;
};
each(":disabled", (control) => { control.disabled = false; });
listen("input", () => { one("output").textContent = choose(); });
one("output").textContent = choose();
