/* Python in a worker of its own: what Pyodide fetches is answered from memory.
   Pyodide's scripts and `unpack` stand before, see python_in_page.js.

   It gets { files } once, each compressed and as text, and then { call } for
   each answer and each widget. It posts ["tell", stage] as it starts, ["print",
   text], and in the end ["done", result] or ["error", text]. */

const MOST = 20000; // characters that one call may print
const memory = new Map(); // name -> Blob
let python, page, outcome, printed;

const post = (kind, value) => postMessage([kind, value]);

const nameOf = (address) => String(address).split("/").pop();

self.fetch = async (address) => {
  const file = memory.get(nameOf(address));
  if (!file) throw new TypeError(`${address} is not in the book`);
  const type = /wasm$/.test(address) ? "application/wasm" : "";
  return new Response(file, { headers: { "Content-Type": type } });
};

function print(text) {
  if (printed > MOST) return;
  const rest = text.slice(0, MOST - printed);
  printed += text.length + 1;
  post("print", printed > MOST ? `${rest}\n... and more` : text);
}

async function start(files, digits) {
  post("tell", "unpacking");
  for (const [name, text] of Object.entries(files)) {
    memory.set(name, await unpack(text));
  }
  post("tell", "starting Python");
  python = await loadPyodide({
    indexURL: "memory:/",
    env: { HOME: "/home/pyodide", MINI_COMPRESS_VIEW: "static" },
    stdout: print,
    stderr: print,
  });
  post("tell", "loading numpy");
  await python.loadPackage("numpy", {
    messageCallback() {},
    checkIntegrity: false, // the book's build has compared it
  });
  post("tell", "loading mini_compress");
  const site = python.runPython("import site; site.getsitepackages()[0]");
  const archive = await memory.get("mini_compress.zip").arrayBuffer();
  python.unpackArchive(archive, "zip", { extractDir: site });
  if (digits) {
    const images = await (await unpack(digits)).arrayBuffer();
    const path = `${site}/mini_compress/digits.npz`;
    python.FS.writeFile(path, new Uint8Array(images));
  }
  page = python.pyimport("mini_compress.in_page");
  memory.clear();
}

const calls = {
  answer({ chapter, imports, code, check, name }) {
    outcome?.destroy();
    outcome = page.answer(chapter, python.toPy(imports), code, check, name);
    const { status, says, names } = outcome;
    const isShown = names.length > 0; // a widget has something to call
    names.destroy();
    return { status, says, isShown };
  },
  show({ code }) {
    return page.show(code, outcome);
  },
};

self.onmessage = async ({ data }) => {
  try {
    printed = 0;
    const { files, digits, call } = data;
    post("done", files ? await start(files, digits) : calls[call](data));
  } catch (error) {
    post("error", String(error.message ?? error));
  }
};
