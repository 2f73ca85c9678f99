"""A picture for a setting, drawn beforehand and held as text or bytes."""

import base64
import io
import re
import struct
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

PNG_START = b"\x89PNG\r\n\x1a\n"
SVG_START = re.compile(r"\s*(<\?xml|<!--|<!DOCTYPE|<svg)")
MIN_ALT = 20  # characters; fewer cannot say what a picture shows


@dataclass(frozen=True)
class Picture:
    """An SVG (text) or a PNG (bytes), and what it shows in words.

    It is displayed as an image of its own, so nothing in it can meet what is
    in another picture, and no script in it runs.

    >>> square = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
    >>> Picture(square, alt="An empty drawing, for the example").uri[:24]
    'data:image/svg+xml,%3Csv'
    """

    image: str | bytes
    alt: str

    def __post_init__(self) -> None:
        if isinstance(self.image, str):
            if not SVG_START.match(self.image):
                raise ValueError(
                    "image must be an SVG's text or a PNG's bytes, "
                    f"got text that starts with {self.image[:20]!r}"
                )
        elif not isinstance(self.image, bytes):
            got = type(self.image).__name__
            raise TypeError(
                f"image must be a string (SVG) or bytes (PNG), got {got}"
            )
        elif not self.image.startswith(PNG_START):
            raise ValueError(
                "image must be an SVG's text or a PNG's bytes, "
                f"got bytes that start with {self.image[:8]!r}"
            )
        if not isinstance(self.alt, str) or len(self.alt.strip()) < MIN_ALT:
            raise ValueError(
                f"alt must say what the picture shows, in {MIN_ALT} "
                f"characters at least, got {self.alt!r}"
            )

    @classmethod
    def draw(cls, figure: Any, *, alt: str) -> "Picture":
        """Draw a matplotlib figure as SVG and close it.

        figure : a matplotlib Figure, drawn with `plotting.use_book_style`,
            so that the same figure is the same text twice
        """
        from matplotlib import pyplot as plt

        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
        plt.close(figure)  # else the notebook shows it a second time
        return cls(re.sub(r"\n\s*", "\n", stream.getvalue()), alt)

    @classmethod
    def pixels(
        cls, values: Any, *, alt: str, high: float, size: int = 7
    ) -> "Picture":
        """Show numbers as gray squares, 0 black and `high` white.

        values : (rows, columns)
        size : width of a square, in pixels

        >>> alt = "A black square and a white one"
        >>> Picture.pixels([[0, 1]], high=1, alt=alt).uri[:22]
        'data:image/png;base64,'
        """
        shades = np.clip(np.asarray(values) / high * 256, 0, 255)
        squares = np.ones((size, size), np.uint8)
        return cls(write_png(np.kron(shades.astype(np.uint8), squares)), alt)

    @classmethod
    def filters(cls, kernels: Any, *, alt: str, high: float) -> "Picture":
        """Show filters side by side: 0 is gray, `high` white, -high black.

        kernels : (filters, rows, columns)

        >>> alt = "Two filters of 3 by 3, all gray"
        >>> Picture.filters(np.zeros((2, 3, 3)), high=1, alt=alt).uri[:22]
        'data:image/png;base64,'
        """
        signed = np.asarray(kernels, float) / high
        framed = np.pad(signed, ((0, 0), (0, 1), (0, 1)), constant_values=-1)
        # (rows + 1, filters, columns + 1): a black line below and beside each
        row = framed.transpose(1, 0, 2).reshape(framed.shape[1], -1)
        return cls.pixels(1 + row, high=2, alt=alt)

    @property
    def uri(self) -> str:
        """The picture as a data address, which needs no file beside it."""
        if isinstance(self.image, str):
            return "data:image/svg+xml," + quote(self.image, safe=" ='/:;,()")
        return "data:image/png;base64," + base64.b64encode(self.image).decode()


def write_png(shades: np.ndarray) -> bytes:
    """Write a gray image as the bytes of a PNG.

    shades : (rows, columns) uint8, 0 black and 255 white

    matplotlib would do, but a page that runs Python has none.
    """
    rows, columns = shades.shape
    size = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)  # 8 bits, gray
    lines = np.pad(shades, ((0, 0), (1, 0)))  # a line starts with its filter
    parts = {
        b"IHDR": size,
        b"IDAT": zlib.compress(lines.tobytes(), 9),
        b"IEND": b"",
    }
    chunks = [
        struct.pack(">I", len(body))
        + name
        + body
        + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts.items()
    ]
    return PNG_START + b"".join(chunks)
