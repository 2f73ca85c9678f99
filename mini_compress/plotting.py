"""The one look of every figure: a colour and a marker per family of methods.

The same colours are used by figures, pages and widgets. They keep apart for
the common forms of colour blindness, have a contrast of at least 3 against
white, and markers tell the families apart in black and white.
"""

from importlib import resources
from types import MappingProxyType

# family of methods -> sRGB colour; `float` is the uncompressed baseline
COLORS = MappingProxyType(
    {
        "float": "#30353d",
        "quantization": "#0a58a6",
        "pruning": "#bf4a00",
        "distillation": "#0f9b76",
        "low_rank": "#c06ab0",
    }
)

# family of methods -> matplotlib marker
MARKERS = MappingProxyType(
    {
        "float": "*",
        "quantization": "o",
        "pruning": "^",
        "distillation": "s",
        "low_rank": "D",
    }
)

LINE_STYLES = ("-", "--", "-.", ":")


def use_book_style() -> None:
    """Draw from now on as the book does: its style, its colours, SVG.

    In a notebook, figures are written as SVG without a date, so the same
    figure is the same text twice.
    """
    from cycler import cycler
    from matplotlib import pyplot as plt  # also starts the inline backend

    plt.style.use(str(resources.files(__package__) / "book.mplstyle"))
    plt.rcParams["axes.prop_cycle"] = cycler(
        color=list(COLORS.values()), marker=list(MARKERS.values())
    )
    _draw_svg_in_notebooks()


def _draw_svg_in_notebooks() -> None:
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    if get_ipython() is not None:
        set_matplotlib_formats(
            "svg", bbox_inches=None, metadata={"Date": None}
        )
