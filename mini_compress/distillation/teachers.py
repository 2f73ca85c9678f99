"""Teachers: a network, several that vote, or answers that were written down.

A teacher is asked in evaluation mode and without gradients, whatever mode it
was in, and is left as it was.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .._inference import (
    BATCH_SIZE,
    device_of,
    inference,
    network_of,
)
from .._require import require_equal, require_int
from ..artifact.header import naming
from ..datasets import Split
from ..kernels.packed_logits import PackedLogits, pack_logits, unpack_logits
from ..training import Batch
from .cache_files import read_cache, write_cache


class Ensemble(nn.Module):
    """Several networks as one: the mean of their logits.

    A mean of logits is the normalized geometric mean of the networks'
    probabilities, at every temperature.

    models : of the same classes

    >>> one, other = nn.Flatten(), nn.Flatten()
    >>> Ensemble([one, other])(torch.tensor([[[1.0, 3.0]]]))
    tensor([[1., 3.]])

    See [hinton2015distilling], section 2.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        super().__init__()
        require_int("number of models", len(models), 1)
        self.models = nn.ModuleList(network_of(model) for model in models)

    def forward(self, images: Tensor) -> Tensor:
        """Map images to (n, classes) logits."""
        return torch.stack([model(images) for model in self.models]).mean(dim=0)


class CachedLogits:
    """What a teacher said of the training images, to be asked only once.

    packed : what is kept, see `kernels.packed_logits`; None keeps float32
    num_bytes : of what is kept
    sha256 : of the images, so that no other ones are taken for them

    Made by `cache_logits`.

    >>> import tempfile
    >>> kept = CachedLogits(torch.ones(2, 3), None, 64 * "0")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = kept.save(f"{folder}/answers.safetensors")
    ...     CachedLogits.load(f"{folder}/answers.safetensors")
    CachedLogits(2 images, 24 bytes)
    """

    def __init__(
        self, logits: Tensor, packed: PackedLogits | None, sha256: str
    ) -> None:
        self.packed = packed
        self.sha256 = sha256
        self.logits = logits
        if packed is not None:
            self.logits = torch.from_numpy(unpack_logits(packed))

    @property
    def num_bytes(self) -> int:
        """Of the logits as they are kept."""
        if self.packed is not None:
            return self.packed.num_bytes
        return self.logits.numel() * self.logits.element_size()

    def save(self, path: str | Path) -> int:
        """Write the answers to a safetensors file; return its size in bytes.

        The file is written beside and renamed: `path` is never half a file.
        """
        logits = self.logits.numpy()
        return write_cache(Path(path), logits, self.packed, self.sha256)

    @classmethod
    def load(cls, path: str | Path) -> "CachedLogits":
        """Read answers that `save` wrote.

        A file that is damaged, foreign or made up is one ValueError.
        """
        with naming(str(path)):
            logits, packed, sha256 = read_cache(Path(path))
        return cls(torch.from_numpy(logits), packed, sha256)

    def __len__(self) -> int:
        return len(self.logits)

    def __repr__(self) -> str:
        return f"CachedLogits({len(self):,} images, {self.num_bytes:,} bytes)"


Teacher = nn.Module | CachedLogits


def cache_logits(
    teacher: nn.Module,
    split: Split,
    *,
    top: int | None = None,
    bits: int | None = None,
) -> CachedLogits:
    """Ask a teacher about each image of a split, and keep what it says.

    teacher : maps (n, channels, h, w) float32 images to (n, classes) logits
    split : the training images, as they are; a cache knows of no augmentation
    top : how many classes of each image to keep, None for all
    bits : of a code, 1..8; None keeps float32, or 8 bits if top is given

    >>> from mini_compress import datasets, zoo
    >>> teacher = zoo.load("LeNet300", "mnist5k")
    >>> images = datasets.load("mnist5k").train
    >>> cache_logits(teacher, images)
    CachedLogits(3,500 images, 140,000 bytes)
    >>> cache_logits(teacher, images, top=3, bits=4)
    CachedLogits(3,500 images, 12,254 bytes)
    """
    logits = ask(network_of(teacher), split.images).cpu().to(torch.float32)
    packed = None
    if top is not None or bits is not None:
        bits = 8 if bits is None else bits
        packed = pack_logits(logits.numpy(), top=top, bits=bits)
    return CachedLogits(logits, packed, checksum(split))


def ask(
    teacher: nn.Module, images: Tensor, *, batch_size: int = BATCH_SIZE
) -> Tensor:
    """Return a teacher's logits, in evaluation mode and without gradients.

    images : (n, channels, h, w) float32
    returns : (n, classes), on the teacher's device

    >>> ask(nn.Sequential(nn.Flatten(), nn.Dropout()), torch.ones(1, 1, 1, 2))
    tensor([[1., 1.]])
    """
    device = device_of(teacher)
    with inference(teacher):
        parts = [teacher(x.to(device)) for x in images.split(batch_size)]
    return torch.cat(parts)


def answer(teacher: Teacher, batch: Batch) -> Tensor:
    """Return what a teacher says of a batch: it is asked, or looked up.

    returns : (n, classes), on the device of the batch's images, no gradient

    >>> images, labels = torch.zeros(2, 1, 1, 3), torch.tensor([0, 1])
    >>> batch = Batch(images, labels, torch.arange(2), epoch=1)
    >>> answer(nn.Flatten(), batch).shape
    torch.Size([2, 3])
    """
    if isinstance(teacher, CachedLogits):
        logits = teacher.logits[batch.indices.cpu()]
        return logits.to(batch.images.device)
    with inference(teacher):
        return teacher(batch.images)


def require_teacher(teacher: Any) -> Teacher:
    """Return a network or a cache; refuse anything else.

    >>> require_teacher(3)
    Traceback (most recent call last):
    TypeError: model must be a torch.nn.Module, got int
    """
    if isinstance(teacher, CachedLogits):
        return teacher
    return network_of(teacher)


def require_same_images(cache: CachedLogits, split: Split) -> None:
    """Refuse answers about other images than those of a split."""
    require_equal("number of cached logits", len(split), len(cache))
    if cache.sha256 != checksum(split):
        raise ValueError(
            "cached logits must be of the training images, got those of other "
            "images, or of the same in another order"
        )


def checksum(split: Split) -> str:
    """Return the sha256 of a split's pixels, in their order.

    >>> black = torch.zeros(1, dtype=torch.uint8)
    >>> checksum(Split("mine", "train", black, None))
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'
    """
    return hashlib.sha256(split.pixels.numpy().tobytes()).hexdigest()
