"""Words and tables for figures: signs, spans of seeds, rounded numbers."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

MINUS, NO_BREAK = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
# what Markdown would not show as it is: marks, ends of links, entities
MARKUP = re.compile(r"[\\`*_<$~#]|\](?=[(\[])|&(?=#?\w+;)")


# how readers know what code calls by a name of its own
WORDS = {
    "mnist": "MNIST",
    "mnist5k": "5,000 digits of MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "l1": "L1 norm",
    "l2": "L2 norm",
    "bn_scale": "batch-norm scale",
    "mean_activation": "mean activation",
    "apoz": "share of zeros (APoZ)",
    "taylor": "Taylor score",
    "nf4": "NF4",
    "nf4_double": "NF4, scales quantized",
    **{f"q{bits}_k": f"Q{bits}_K" for bits in (2, 3, 4, 5, 6)},
    **{f"q{bits}_0": f"Q{bits}_0" for bits in (4, 8)},
    "mxfp4": "MXFP4",
    "mxfp8_e4m3": "MXFP8 (E4M3)",
    "mxfp8_e5m2": "MXFP8 (E5M2)",
    "nvfp4": "NVFP4",
}


def in_words(name: str) -> str:
    """Write a name of the code as readers know it; others stay as they are.

    >>> in_words("fashion_mnist"), in_words("in rounds")
    ('Fashion-MNIST', 'in rounds')
    """
    return WORDS.get(name, name)


def names_in_words(sentence: str) -> str:
    """Write a sentence with the names of the code in it as readers know them.

    >>> names_in_words("direct, 5 neurons, fashion_mnist better than labels")
    'direct, 5 neurons, Fashion-MNIST better than labels'
    """
    return re.sub(r"\w+", lambda name: in_words(name[0]), sentence)


def markdown_table(
    header: Sequence[Any], rows: Iterable[Sequence[Any]], *, names: int = 1
) -> str:
    """Write a pipe table; its first columns are names, the others figures.

    header, rows : one entry for each column; str() of it is shown
    names : how many columns are lined up at the left

    >>> print(markdown_table(["layer", "KB"], [["conv", 1.2]]))
    | layer | KB |
    | :-- | --: |
    | conv | 1.2 |
    """
    rule = [":--"] * names + ["--:"] * (len(header) - names)
    texts = [[_cell(value) for value in row] for row in (header, *rows)]
    texts.insert(1, rule)
    return "\n".join(f"| {' | '.join(line)} |" for line in texts)


def plain_markdown(text: str) -> str:
    r"""Write a text so that Markdown shows just that, on one line.

    >>> plain_markdown("a_b <i> $5")
    'a\\_b \\<i> \\$5'
    """
    return MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def signed(number: float, digits: int = 2) -> str:
    """Write a difference: with its sign, and so many digits after the point.

    >>> signed(0.5), signed(0)
    ('+0.50', '+0.00')
    """
    return f"{number:+.{digits}f}".replace("-", MINUS)


def span(values: Iterable[float], digits: int = 2) -> str:
    """Write the lowest and the highest of some figures, on one line.

    >>> span([2.5, 1.0, 1.3], digits=1).split()
    ['1.0', 'to', '2.5']
    """
    values = list(values)
    ends = [f"{end:.{digits}f}" for end in (min(values), max(values))]
    text = f"{NO_BREAK}to{NO_BREAK}".join(dict.fromkeys(ends))
    return text.replace("-", MINUS)


def significant(value: float | None, digits: int = 3) -> str:
    """Write a figure with so many digits; None, which is unknown, as a dash.

    >>> [significant(x) for x in (0.0012345, 431080.0, 10.3, 0, None)]
    ['0.00123', '431,000', '10.3', '0', '-']
    """
    if value is None:
        return "-"
    if value == 0:
        return "0"
    rounded, exponent = f"{value:.{digits - 1}e}".split("e")
    decimals = max(digits - 1 - int(exponent), 0)
    return f"{float(f'{rounded}e{exponent}'):,.{decimals}f}"


def _cell(value: Any) -> str:
    return str(value).replace("|", r"\|")
