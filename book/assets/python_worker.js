/* Python in a worker of its own: what Pyodide fetches is answered from memory.

   It gets { files } once, each compressed and as text, and then { call } for
   each answer and each widget. It posts ["tell", stage] as it starts, ["print",
   text], and in the end ["done", result] or ["error", text]. */

const MOST = 20000; // characters that one call may print
const TYPES = { wasm: "application/wasm", json: "application/json" };
const memory = new Map(); // name -> Blob
let python, page, outcome, printed;

const post = (kind, value) => postMessage([kind, value]);

const nameOf = (address) => String(address.url ?? address).split("/").pop();

async function unpack(name, text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream();
  const content = stream.pipeThrough(new DecompressionStream("gzip"));
  const type = TYPES[name.split(".").pop()] ?? "application/octet-stream";
  return new Blob([await new Response(content).blob()], { type });
}

self.fetch = async (address) => {
  const file = memory.get(nameOf(address));
  if (!file) throw new TypeError(`${address} is not in the book`);
  return new Response(file);
};

const importFrom = self.importScripts.bind(self);
self.importScripts = (address) => {
  importFrom(URL.createObjectURL(memory.get(nameOf(address))));
};

function print(text) {
  if (printed > MOST) return;
  printed += text.length + 1;
  post("print", printed > MOST ? "... and more" : text);
}

async function start(files, digits) {
  post("tell", "unpacking");
  for (const [name, text] of Object.entries(files)) {
    memory.set(name, await unpack(name, text));
  }
  post("tell", "starting Python");
  importScripts("pyodide.js");
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
    const images = await (await unpack("digits.npz", digits)).arrayBuffer();
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
    return outcome.status;
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
