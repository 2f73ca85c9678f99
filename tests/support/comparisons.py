"""Comparisons of executions, made up."""

from mini_compress.quantization.comparison import Comparison, LayerDifference

TOTAL = 100  # codes of each step


def comparison(*differ: int, largest: int = 1) -> Comparison:
    """Return a comparison whose steps differ in so many of 100 codes."""
    return Comparison(
        tuple(
            LayerDifference(
                name=f"step {i}",
                differ=count,
                total=TOTAL,
                largest=largest if count else 0,
                rms=largest * (count / TOTAL) ** 0.5,
                place=(0, 0) if count else None,
                codes=(largest, 0) if count else None,
            )
            for i, count in enumerate(differ)
        )
    )
