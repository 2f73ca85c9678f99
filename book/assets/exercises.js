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
    this.area = part("textarea");
    this.editor = new Editor(this.area, part(".highlight"));
    this.said = part("[role=status]");
    this.progress = part("progress");
    [this.start, this.end, this.reset] = box.querySelectorAll("button");
    this.start.onclick = () => this.run();
    this.end.onclick = () => running === this && python.stop("Stopped.");
    this.reset.onclick = () => this.write(this.stub);
    this.area.addEventListener("input", () => this.keep());
    this.area.addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
      if (key === "Enter" && (ctrlKey || metaKey)) this.run();
    });
    this.area.value = storage.get(this.label) ?? this.stub;
    this.editor.paint();
    this.mark(false);
  }

  // Put a text in, so that it can be undone.
  write(code) {
    this.area.focus();
    this.area.select();
    insert(code);
    this.said.replaceChildren();
  }

  keep() {
    const code = this.area.value;
    storage.set(this.label, code === this.stub ? null : code);
  }

  async run() {
    if (running) {
      if (running !== this) this.say("Another answer runs: stop it first.");
      return;
    }
    running = this;
    this.mark(true);
    this.said.replaceChildren();
    try {
      const answer = { check: this.check, name: this.function };
      const code = this.area.value;
      const status = await this.call("answer", { ...answer, imports, code });
      if (this.widget && status !== "error") {
        const html = await this.call("show", { code: this.widget });
        if (html) replaceWidget(this.box, html);
      }
      this.say(SAID[status], status);
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
    this.start.setAttribute("aria-disabled", runs);
    this.end.setAttribute("aria-disabled", !runs);
    this.progress.hidden = true;
  }
}

function explain(error) {
  if (error instanceof Stopped) return error.message;
  const cause = error.message || String(error);
  return `Python cannot run in this page (${cause}). A browser of 2023 or later
    can; or download the lesson, at the top of the page.`;
}

/* The widget behind an exercise: it shows the book's answer, then this one. */

const widgets = document.querySelectorAll(".cell.tag_try-it");

function replaceWidget(box, html) {
  const follows = Node.DOCUMENT_POSITION_FOLLOWING;
  const cell = [...widgets].find((one) => box.compareDocumentPosition(one) & follows);
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
  for (const { name, value } of before.elements) {
    const knob = after.elements[name];
    if (name && knob) knob.value = before.elements[name].value;
  }
  after.dispatchEvent(new Event("input", { bubbles: true }));
  after.dispatchEvent(new Event("change", { bubbles: true }));
  cell.dataset.whose = "With your answer";
}

for (const cell of widgets) cell.dataset.whose = "With our answer";
for (const box of document.querySelectorAll(".answer")) new Answer(box);
