"""Files that tests of this folder change; made once."""

import pytest
import torch

from mini_compress import artifact, models
from tests.support.signed_files import IMAGES, networks


@pytest.fixture(scope="package")
def files() -> list[tuple[bytes, torch.Tensor]]:
    with torch.no_grad():
        return [(artifact.to_bytes(x), x(IMAGES)) for x in networks()]


@pytest.fixture(scope="package")
def lenet300() -> bytes:
    return artifact.to_bytes(models.build("LeNet300"))
