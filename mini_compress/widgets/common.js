const root = document.currentScript.closest(".mcx");
const one = (selector, inside = root) => inside.querySelector(selector);
const each = (selector, act, inside = root) => inside.querySelectorAll(selector).forEach(act);
const listen = (types, act) => types.split(" ").forEach((type) => root.addEventListener(type, act));

// JupyterLab takes keys as commands for its cells; Escape and what is
// pressed with Ctrl, such as to save, must still reach it
listen("keydown keypress keyup", (event) => {
  if (!(event.ctrlKey || event.metaKey || event.altKey || event.key == "Escape"))
    event.stopPropagation();
});
