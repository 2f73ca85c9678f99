/* Python for a page: a worker that is started with the first call.

   Scripts are all that a page may load from a disk. python.js holds Python and
   digits.js what some exercises read; see book/_ext/mc_python.py. */

const LIMIT = 60; // seconds that a call may take
const STAGES = 5; // of a start

class Stopped extends Error {}

class Python {
  #worker;
  #starting = null; // a promise, from the first call on
  #tell; // what is to be told of a start
  #stage; // what was told last
  #stop = () => {}; // ends the call that waits
  hasStarted = false; // once, whatever came after

  // scripts : name -> bytes
  constructor(scripts) {
    this.scripts = Object.keys(scripts);
    const bytes = Object.values(scripts).reduce((all, one) => all + one);
    this.size = `${Math.round(bytes / 1e6)} MB`;
  }

  // Let the worker do a task, see python_worker.js; return what comes out.
  async call(task, { tell, print }) {
    let limit;
    const stopped = new Promise((_, reject) => {
      this.#stop = (reason) => reject(new Stopped(reason));
    });
    stopped.catch(() => {}); // there may be no one who waits for it
    this.#tell = tell;
    if (this.#stage) tell(...this.#stage);
    if (!this.#starting) this.#begin();
    try {
      await Promise.race([this.#starting, stopped]);
      tell("running", STAGES);
      limit = setTimeout(
        () => this.stop(`Stopped: it ran for ${LIMIT} seconds.`),
        1000 * LIMIT,
      );
      return await Promise.race([this.#ask(task, { print }), stopped]);
    } catch (error) {
      this.#tell = () => {};
      if (limit) this.#begin(); // afresh, so as to be there in time
      throw error;
    } finally {
      clearTimeout(limit);
    }
  }

  stop(reason) {
    this.#stop(reason);
  }

  #begin() {
    this.#starting = this.#start();
    this.#starting.catch(() => {}); // a call says so, if one waits for it
  }

  async #start() {
    this.#worker?.terminate();
    try {
      let stage = 0;
      const tell = (text) => {
        this.#stage = [text, stage++];
        this.#tell(...this.#stage);
      };
      tell(`loading ${this.size}, once`);
      await Promise.all(this.scripts.map(loadScript));
      const { code, worker, files, digits } = miniCompress;
      // all in one: a worker of a page from a disk may load no other script
      const scripts = await Promise.all(code.map(unpack));
      const parts = [...scripts, "\n", unpack, "\n", worker];
      const source = new Blob(parts, { type: "text/javascript" });
      const address = URL.createObjectURL(source);
      this.#worker = new Worker(address);
      await this.#ask({ files, digits }, { tell });
      URL.revokeObjectURL(address);
      this.hasStarted = true;
    } catch (error) {
      this.#starting = null; // the next call tries it again
      throw error;
    }
  }

  #ask(task, listeners) {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data: [kind, value] }) => {
        if (kind === "done") resolve(value);
        else if (kind === "error") reject(new Error(value));
        else listeners[kind]?.(value);
      };
      worker.postMessage(task);
    });
  }
}

// Return what was compressed and written as text.
function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream();
  return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).blob();
}

const loaded = new Map(); // name of a script -> a promise

function loadScript(name) {
  const load = (resolve, reject) => {
    const script = document.createElement("script");
    const root = document.documentElement.dataset.content_root;
    script.src = `${root}_static/${name}`;
    script.onload = resolve;
    script.onerror = () => {
      loaded.delete(name);
      reject(new Error(`${script.src} cannot be loaded`));
    };
    document.head.append(script);
  };
  if (!loaded.has(name)) loaded.set(name, new Promise(load));
  return loaded.get(name);
}
