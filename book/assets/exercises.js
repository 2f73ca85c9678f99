/* Exercises that run in the page: an editor for each, one Python for all.

   The page says as JSON what is asked; see book/_ext/mc_exercises.py. Nothing
   is sent anywhere. What was written stays in this browser until Reset. */

const { chapter, imports, scripts, exercises } = JSON.parse(
  document.getElementById("asked-here").textContent,
);
const python = new Python(scripts);
const SAID = {
  passed: "All of it holds.",
  failed: "Not yet: see what failed.",
  unwritten: "Write the function first.",
  error: "It did not run.",
};
let running = null; // the answer that Python works on

/* Memory that lasts, where the browser gives it to this page. */

const storage = {
  key: (label) => `mini_compress/${chapter}/${label}`,
  get(label) {
    try {
      return localStorage.getItem(this.key(label));
    } catch {
      return null; // it is switched off
    }
  },
  set(label, code) {
    try {
      if (code === null) localStorage.removeItem(this.key(label));
      else localStorage.setItem(this.key(label), code);
    } catch {
      // what was written lasts as long as the page
    }
  },
};

const FORM = (label) => `
  <p class="answer-head"><label for="answer-${label}">Your answer</label>
    <span id="keys-${label}">Ctrl+Enter runs it. Tab indents; Esc, then Tab,
    leaves.</span></p>
  <div class="answer-code"><span class="highlight" aria-hidden="true"></span><textarea
    id="answer-${label}" aria-describedby="keys-${label}" wrap="off"
    spellcheck="false" autocapitalize="off" autocomplete="off"></textarea></div>
  <div class="answer-buttons"><button type="button">Run and check</button>
    <button type="button">Stop</button><button type="button">Reset</button>
    <progress max="${STAGES}" aria-label="Start of Python" hidden></progress>
  </div>
  <div role="status"></div>`;

class Answer {
  constructor(box) {
    this.label = box.dataset.exercise;
    Object.assign(this, exercises[this.label]);
    const title = box.previousElementSibling.querySelector(".admonition-title");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `Your answer to ${title.textContent.trim()}`);
    box.innerHTML = FORM(this.label);
    const part = (selector) => box.querySelector(selector);
    this.box = box;
    this.undone = null; // what a reset has taken away
    this.area = part("textarea");
    this.editor = new Editor(this.area, part(".highlight"));
    this.said = part("[role=status]");
    this.progress = part("progress");
    [this.runner, this.stopper, this.resetter] = box.querySelectorAll("button");
    this.runner.onclick = () => this.run();
    this.stopper.onclick = () => running === this && python.stop("Stopped.");
    this.resetter.onclick = () => this.restore();
    this.area.addEventListener("input", () => this.keep());
    addEventListener("storage", ({ key, newValue }) => {
      if (key === storage.key(this.label)) this.put(newValue ?? this.stub);
    });
    this.area.addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
      if (key === "Enter" && (ctrlKey || metaKey)) this.run();
    });
    this.put(storage.get(this.label) ?? this.stub);
    this.mark(false);
  }

  // Show a text that was stored, or written in another window.
  put(code) {
    this.area.value = code;
    this.editor.paint();
  }

  // Bring the stub back, or what stood there before that.
  restore() {
    const { undone } = this;
    const code = this.area.value;
    if (running === this) python.stop("Stopped.");
    this.area.focus();
    this.area.select();
    insert(undone ?? this.stub);
    if (undone === null && code !== this.stub) {
      this.undone = code;
      this.resetter.textContent = "Undo reset";
    }
    this.said.replaceChildren();
  }

  keep() {
    const code = this.area.value;
    storage.set(this.label, code === this.stub ? null : code);
    this.undone = null;
    this.resetter.textContent = "Reset";
    if (running !== this && this.said.querySelector("p")) {
      this.say("You have changed it since it ran.");
    }
    markWidget(this, "With an earlier answer of yours");
  }

  async run() {
    if (running) {
      if (running !== this) this.say("Another answer runs: stop it first.");
      return;
    }
    running = this;
    this.mark(true);
    this.said.replaceChildren();
    const code = this.area.value;
    try {
      const answer = { check: this.check, name: this.function };
      const { status, says, isShown } = await this.call("answer", {
        ...answer, imports, code,
      });
      if (says) this.print(says);
      let text = SAID[status];
      if (this.widget && isShown) {
        const html = await this.call("show", { code: this.widget });
        if (html) {
          replaceWidget(this, html);
          text += " The widget below shows your answer.";
        }
      }
      if (code !== this.area.value) text = `Of what you ran before: ${text}`;
      this.say(text, status);
    } catch (error) {
      this.say(explain(error), "error");
    }
    this.mark(false);
    running = null;
  }

  call(name, task) {
    return python.call({ call: name, chapter, ...task }, {
      print: (text) => this.print(text),
      tell: (stage, at) => {
        this.progress.hidden = at === STAGES;
        this.progress.value = at;
        this.say(`Python: ${stage} ...`);
      },
    });
  }

  print(text) {
    let lines = this.said.querySelector("pre");
    if (!lines) {
      lines = document.createElement("pre");
      this.said.prepend(lines);
    }
    lines.append(`${text}\n`);
  }

  say(text, status = "") {
    this.said.querySelector("p")?.remove();
    const line = document.createElement("p");
    line.dataset.status = status;
    line.textContent = text;
    this.said.append(line);
  }

  // Not by `disabled`, which would take the focus from the button.
  mark(runs) {
    this.runner.setAttribute("aria-disabled", runs);
    this.stopper.setAttribute("aria-disabled", !runs);
    this.progress.hidden = true;
  }
}

function explain(error) {
  if (error instanceof Stopped) return error.message;
  const cause = error.message || String(error);
  if (python.hasStarted) return `Python broke off, and starts anew: ${cause}`;
  return `Python cannot run in this page (${cause}). A browser of 2023 or later
    can; or download the lesson, at the top of the page.`;
}

/* The widget behind an exercise: the book's answer, until the reader's runs. */

const cells = [...document.querySelectorAll(".cell.tag_try-it")];
for (const cell of cells) {
  cell.dataset.whose = "With our answer, until yours has run";
}

// Return the cell of an answer's widget, the first that follows it.
function findWidget({ box }) {
  const follows = Node.DOCUMENT_POSITION_FOLLOWING;
  return cells.find((cell) => box.compareDocumentPosition(cell) & follows);
}

// Say of a widget that shows a reader's answer whose it is.
function markWidget(answer, whose) {
  if (!answer.widget) return;
  const cell = findWidget(answer);
  if (cell.dataset.isYours) cell.dataset.whose = whose;
}

function replaceWidget(answer, html) {
  const cell = findWidget(answer);
  const before = cell.querySelector("form");
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const after = holder.content.querySelector("form");
  before.replaceWith(after);
  for (const script of after.querySelectorAll("script:not([type])")) {
    const copy = document.createElement("script"); // one that was parsed is dead
    copy.textContent = script.textContent;
    script.replaceWith(copy);
  }
  for (const { name } of before.elements) {
    // by name, since the buttons of a row have one value together
    if (after.elements[name]) {
      after.elements[name].value = before.elements[name].value;
    }
  }
  after.dispatchEvent(new Event("input", { bubbles: true }));
  after.dispatchEvent(new Event("change", { bubbles: true }));
  cell.dataset.isYours = true;
  cell.dataset.whose = "With your answer";
}

for (const box of document.querySelectorAll(".answer")) new Answer(box);
