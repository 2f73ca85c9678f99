"""Cells of a notebook with every widget, for the tests that show them."""

SETUP = """
from mini_compress.widgets import Explorer, Metric, Picture, Predict

BITS, STEPS = [8, 6, 4, 3, 2], ["tensor", "channel", "group"]
METRICS = [
    Metric("accuracy", "%", better="higher", baseline=98.9),
    Metric("file", "KB", digits=0, better="lower", baseline=1725),
]


def draw(bits):
    bar = f'<rect width="{20 * bits}" height="30" fill="navy"/>'
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="30">'
    alt = f"A bar that stands for {bits} bits"
    return Picture(f"{svg}{bar}</svg>", alt=alt)


def measure(bits, steps):
    accuracy = 98 - 2 ** (6 - bits) - STEPS.index(steps)
    return {"accuracy": accuracy, "file": 54 * bits}
"""

EXPLORER = """
values = {(b, steps): measure(b, steps) for b in BITS for steps in STEPS}
for figures in values.values():
    accuracy = figures["accuracy"]
    figures["accuracy"] = (accuracy, accuracy - 1.5, accuracy + 1)
values[2, "group"] = None
Explorer(
    "How many bits does a weight need?",
    knobs={"bits": BITS, "one step for each": STEPS},
    metrics=METRICS,
    values=values,
    pictures={(b, s): draw(b) for b in BITS[:3] for s in STEPS},
    default=(4, "channel"),
    baseline="float32",
    family="quantization",
    note="Figures of an example.",
)
"""

DEVICES = """
DEVICES = ["board", "phone", "laptop", "desktop", "server", "cluster"]
Explorer(
    "What does a sparse network gain?",
    knobs={"sparsity (%)": [0, 50, 80, 90, 95], "device": DEVICES},
    metrics=[
        Metric("modelled time", "ms", digits=None, baseline=5, log=True),
        Metric("change", "pp", digits=2, better="higher", baseline=0),
        Metric("accuracy", "%", digits=2, baseline=97.2, limits=(90, 100)),
    ],
    values={
        (sparsity, device): {
            "modelled time": (200 - sparsity) / 10**i,
            "change": -sparsity / 20,
            "accuracy": (97.2 - sparsity / 20, 92, 98),
        }
        for sparsity in [0, 50, 80, 90, 95]
        for i, device in enumerate(DEVICES)
    },
    baseline="dense",
    family="pruning",
)
"""

LIVE = """
def quantize_and_measure(bits, steps):
    print("measured", bits, steps)
    if bits == 3:
        raise NotImplementedError("three bits are not done yet")
    return measure(bits, steps), draw(bits)


Explorer.live(
    quantize_and_measure,
    "Your own function",
    knobs={"bits": BITS, "steps": STEPS},
    metrics=METRICS,
    default=(4, "group"),
    family="low_rank",
)
"""

PREDICT = """
Predict(
    "How many bits can a weight lose?",
    ["2 of 32", "half of them", "28 of 32"],
    answer="28 of 32",
    reveal=f"With 4 bits, {measure(4, 'tensor')['accuracy']} % are right.",
)
"""

CHOICE = """
from mini_compress.studies import fronts
from mini_compress.widgets import MethodChoice

BOARDS = ["stm32h743", "raspberry_pi_5"]
points = fronts.undominated(fronts.collect("ConvNet", "fashion_mnist"), BOARDS)
MethodChoice(
    "Which method is left?",
    points,
    devices=BOARDS,
    max_kb=(50, 20),
    min_accuracy=(91, 90),
)
"""
