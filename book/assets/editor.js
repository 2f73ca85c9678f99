/* A text area for Python, over the same text in colors.

   Tab indents, and Esc gives it back its own meaning, so that keys can leave.
   execCommand is the only way to change a text that can be undone. */

const INDENT = "    ";
// Prism's names -> those of Pygments, for which the book has colors
const COLORS = {
  "boolean": "kc",
  "builtin": "nb",
  "class-name": "nc",
  "comment": "c1",
  "decorator": "nd",
  "function": "nf",
  "keyword": "k",
  "number": "mi",
  "operator": "o",
  "string": "s1",
  "string-interpolation": "s1",
  "triple-quoted-string": "sd",
};

window.Prism?.hooks.add("wrap", (token) => {
  token.classes = [COLORS[token.type] ?? ""];
});

class Editor {
  #leaves = false; // whether Tab leads out

  constructor(area, colors) {
    this.area = area;
    this.colors = colors;
    area.addEventListener("input", () => this.paint());
    area.addEventListener("keydown", (event) => this.#press(event));
    area.addEventListener("blur", () => { this.#leaves = false; });
  }

  paint() {
    const code = `${this.area.value}\n`; // an empty last line is a line
    if (window.Prism) {
      this.colors.innerHTML = Prism.highlight(code, Prism.languages.python);
    } else {
      this.colors.textContent = code;
    }
  }

  #press(event) {
    const { key, shiftKey, ctrlKey, metaKey, altKey, isComposing } = event;
    if (key === "Escape") this.#leaves = true;
    if (ctrlKey || metaKey || altKey || isComposing) return;
    const act = {
      Enter: () => this.#breakLine(),
      Tab: () => this.#leaves || this.#indent(shiftKey),
      Backspace: () => this.#eraseIndent(),
    }[key];
    if (act && act() !== true) event.preventDefault();
    if (!["Escape", "Tab", "Shift"].includes(key)) this.#leaves = false;
  }

  // Return the text from the start of the line to the selection.
  #before() {
    const { value, selectionStart: start } = this.area;
    return value.slice(value.lastIndexOf("\n", start - 1) + 1, start);
  }

  #breakLine() {
    const before = this.#before();
    const [indent] = before.match(/^ */);
    insert(`\n${indent}${before.trimEnd().endsWith(":") ? INDENT : ""}`);
  }

  // Return whether there is no indent to erase, and the key has its meaning.
  #eraseIndent() {
    const { area } = this;
    const isThere = /^( {4})+$/.test(this.#before());
    if (area.selectionStart !== area.selectionEnd || !isThere) return true;
    area.selectionStart -= INDENT.length;
    document.execCommand("delete");
    return false;
  }

  #indent(back) {
    const { area } = this;
    const { value, selectionStart: start, selectionEnd: end } = area;
    if (start === end && !back) {
      insert(INDENT.slice(this.#before().length % INDENT.length));
      return;
    }
    const from = start - this.#before().length;
    const lines = value.slice(from, end).split("\n");
    const moved = lines.map((line) =>
      back ? line.replace(/^ {1,4}/, "") : INDENT + line,
    );
    area.setSelectionRange(from, end);
    insert(moved.join("\n"));
    area.setSelectionRange(start === end ? area.selectionEnd : from, area.selectionEnd);
  }
}

function insert(text) {
  document.execCommand(text ? "insertText" : "delete", false, text);
}
