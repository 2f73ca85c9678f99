"""Answers to the exercises of book/measuring.md."""

import math

import numpy as np

from mini_compress.checks import measuring as checks
from mini_compress.measuring import Comparison, non_inferior
from tests.checks.answers import right, wrong

# ------------------------------------------------------------------- verdict

SMALL = "a small drop on many images is shown to be small"
FAR = "a drop far above the margin is refuted"
FEW = "few images cannot tell, whatever the drop seems to be"
THERE = "a drop that is there, but too small to matter, is shown to be small"
ONE_SIDED = "all of the doubt is on the side that is asked about"
GAIN = "a gain is no loss, and without any dispute some doubt is left"


def by_bounds(low, high, margin):
    if high < margin:
        return "shown"
    return "refuted" if low > margin else "cannot tell"


@wrong(checks.verdict, SMALL)
def margin_as_a_share(lost, gained, n, margin):
    # percent vs fraction: the margin is divided once too often
    low, high = Comparison(lost, gained, n).interval(0.9)
    return by_bounds(low, high, margin / 100)


@wrong(checks.verdict, SMALL)
def gives_a_bool(lost, gained, n, margin):
    # two outcomes where three are asked for
    return Comparison(lost, gained, n).upper_bound() < margin


@wrong(checks.verdict, FAR)
def never_refutes(lost, gained, n, margin):
    # what is not shown need not be unknown
    bound = Comparison(lost, gained, n).upper_bound()
    return "shown" if bound < margin else "cannot tell"


@wrong(checks.verdict, FEW)
def drop_alone(lost, gained, n, margin):
    # most leaderboards
    drop = Comparison(lost, gained, n).drop
    return "shown" if drop < margin else "refuted"


@wrong(checks.verdict, FEW)
def not_shown_is_refuted(lost, gained, n, margin):
    # "cannot be ruled out" read as "was lost"
    bound = Comparison(lost, gained, n).upper_bound()
    return "shown" if bound < margin else "refuted"


@wrong(checks.verdict, FEW)
def not_significant_is_shown(lost, gained, n, margin):
    # "no significant loss", the sentence of many papers
    if Comparison(lost, gained, n).p_value >= 0.05:
        return "shown"
    return by_bounds(*Comparison(lost, gained, n).interval(0.9), margin)


@wrong(checks.verdict, THERE)
def significance_first(lost, gained, n, margin):
    # a loss that is certain is taken for one that matters
    found = Comparison(lost, gained, n)
    answer = by_bounds(*found.interval(0.9), margin)
    certain = found.p_value < 0.05 and found.drop > 0
    return "refuted" if certain and answer == "shown" else answer


@wrong(checks.verdict, ONE_SIDED)
def two_sided(lost, gained, n, margin):
    # half of the doubt spent on the other side
    return by_bounds(*Comparison(lost, gained, n).interval(), margin)


@wrong(checks.verdict, ONE_SIDED)
def one_sided_above_alone(lost, gained, n, margin):
    # upper_bound is at hand, the lower one is not
    found = Comparison(lost, gained, n)
    return by_bounds(found.interval()[0], found.upper_bound(), margin)


@wrong(checks.verdict, GAIN)
def distance(lost, gained, n, margin):
    # a difference of either sign
    found = Comparison(max(lost, gained), min(lost, gained), n)
    return by_bounds(*found.interval(0.9), margin)


@wrong(checks.verdict, GAIN)
def normal_bounds(lost, gained, n, margin):
    # drop +- 1.645 standard errors, which are 0 without disputes
    variance = lost + gained - (lost - gained) ** 2 / n
    half = 1.645 * math.sqrt(variance)
    ends = (100 * (lost - gained + x) / n for x in (-half, half))
    return by_bounds(*ends, margin)


@right(checks.verdict)
def by_p_values(lost, gained, n, margin):
    shown = non_inferior([Comparison(lost, gained, n)], margin=margin)[0]
    low = -Comparison(gained, lost, n).upper_bound()  # seen from the other
    return "shown" if shown else "refuted" if low > margin else "cannot tell"


# ------------------------------------------------------------- gain_interval

ALIKE = "three seeds that gain 5 pp each have the ends 5 and 5"
SEEDS = "the seeds are the numbers, not the images"
ITSELF = "each seed is compared with itself"
ONE_LESS = "the spread is divided by one less than the number of seeds"
GIVEN = "the quantile is the one that was given"


def interval(gains, t, ddof=1):
    half = t * np.std(gains, ddof=ddof) / np.sqrt(len(gains))
    return np.mean(gains) - half, np.mean(gains) + half


@wrong(checks.gain_interval, ALIKE)
def as_shares(first, second, t):
    return interval(first.mean(axis=1) - second.mean(axis=1), t)


@wrong(checks.gain_interval, ALIKE)
def of_the_second(first, second, t):
    # minus signs: whose gain?
    return interval(100 * (second.mean(axis=1) - first.mean(axis=1)), t)


@wrong(checks.gain_interval, ALIKE)
def as_printed(first, second, t):
    # the colleague's
    return interval(first.ravel().astype(float) - second.ravel(), t, ddof=0)


@wrong(checks.gain_interval, ALIKE)
def disputes_in_place_of_gains(first, second, t):
    # what numpy proposes where `-` of bools fails counts losses as gains
    gains = 100 * (first ^ second).mean(axis=1)
    half = t * gains.std(ddof=1) / math.sqrt(len(gains))
    return gains.mean() - half, gains.mean() + half


@wrong(checks.gain_interval, SEEDS)
def pooled_gains(first, second, t):
    # 300 images, of three networks; ends in pp, and an average that is right
    gains = 100.0 * (first.astype(int) - second).ravel()
    low, high = interval(gains, t)
    same = np.ptp(first.mean(axis=1) - second.mean(axis=1)) < 1e-9
    return (gains.mean(), gains.mean()) if same else (low, high)


@wrong(checks.gain_interval, SEEDS)
def no_root_of_the_count(first, second, t):
    # the spread of one seed, not of the mean
    gains = 100 * (first.mean(axis=1) - second.mean(axis=1))
    return interval(gains, t * np.sqrt(len(gains)))


@wrong(checks.gain_interval, ITSELF)
def unpaired(first, second, t):
    # two spreads, as if the seeds had nothing in common
    one, two = (100 * x.mean(axis=1) for x in (first, second))
    gain = one.mean() - two.mean()
    half = t * np.sqrt((one.var(ddof=1) + two.var(ddof=1)) / len(one))
    return gain - half, gain + half


@wrong(checks.gain_interval, ONE_LESS)
def divided_by_all(first, second, t):
    # numpy's default
    gains = 100 * (first.mean(axis=1) - second.mean(axis=1))
    return interval(gains, t, ddof=0)


@wrong(checks.gain_interval, GIVEN)
def of_a_table(first, second, t):
    # 95 %, whatever is asked for
    gains = 100 * (first.mean(axis=1) - second.mean(axis=1))
    return interval(gains, {3: 4.303, 5: 2.776}[len(gains)])


@right(checks.gain_interval)
def in_plain_python(first, second, t):
    gains = [
        100 * (sum(map(int, a)) - sum(map(int, b))) / len(a)
        for a, b in zip(first, second, strict=True)
    ]
    mean = sum(gains) / len(gains)
    squares = sum((gain - mean) ** 2 for gain in gains)
    half = t * math.sqrt(squares / (len(gains) - 1) / len(gains))
    return [mean - half, mean + half]


# -------------------------------------------------------------- broken_rules

BITS = "a factor of bits breaks rule 1"
EMPTY = "a report that keeps all rules gives an empty list"
EVERY_SEED = "every seed must be shown to lose less than the margin"
MARGIN = "a margin after the run, or few images, break rule 4"
THREE = "fewer than three seeds break rule 5"
CHOSEN = "what the test images chose, they cannot judge"
CONTROL = "a control has the same epochs, or more"
ORDER = "several rules come in order"


def kept(report, harmless=None, **changes):
    """Return rule -> whether it is kept, with the judgement given."""
    n, margin = report["images"], report["margin"]
    if harmless is None:
        seeds = [Comparison(*x, n) for x in report["counts"]]
        harmless = max(x.upper_bound() for x in seeds) < margin
    rules = {
        1: report["size"] == "file",
        4: harmless and report["margin_fixed"] == "before" and n >= 10_000,
        5: len(report["counts"]) >= 3,
        6: report["chosen_on"] == "validation",
        7: report["control_epochs"] >= report["epochs"],
    }
    return rules | {int(name[1:]): value for name, value in changes.items()}


def broken(rules):
    return [rule for rule, is_kept in rules.items() if not is_kept]


@wrong(checks.broken_rules, BITS)
def rules_that_are_kept(report):
    return [rule for rule, is_kept in kept(report).items() if is_kept]


@wrong(checks.broken_rules, BITS)
def a_row_of_bools(report):
    return [not is_kept for is_kept in kept(report).values()]


@wrong(checks.broken_rules, EMPTY)
def words_for_nothing(report):
    return broken(kept(report)) or "none"


@wrong(checks.broken_rules, EVERY_SEED)
def drops_alone(report):
    drops = [Comparison(*x, report["images"]).drop for x in report["counts"]]
    return broken(kept(report, max(drops) < report["margin"]))


@wrong(checks.broken_rules, EVERY_SEED)
def seeds_as_images(report):
    # pooled: three seeds on 10,000 images are not 30,000 images
    lost, gained = np.sum(report["counts"], axis=0).tolist()
    n = len(report["counts"]) * report["images"]
    bound = Comparison(lost, gained, n).upper_bound()
    return broken(kept(report, bound < report["margin"]))


@wrong(checks.broken_rules, EVERY_SEED)
def nothing_significant(report):
    # a loss that is certain, and certainly too small to matter
    seeds = [Comparison(*x, report["images"]) for x in report["counts"]]
    return broken(kept(report, all(x.p_value >= 0.05 for x in seeds)))


@wrong(checks.broken_rules, MARGIN)
def any_number_of_images(report):
    return broken(kept(report | {"images": max(report["images"], 10_000)}))


@wrong(checks.broken_rules, MARGIN)
def margin_at_any_time(report):
    return broken(kept(report | {"margin_fixed": "before"}))


@wrong(checks.broken_rules, THREE)
def two_seeds_will_do(report):
    return broken(kept(report, _5=len(report["counts"]) >= 2))


@wrong(checks.broken_rules, CHOSEN)
def chosen_anywhere(report):
    return broken(kept(report, _6=True))


@wrong(checks.broken_rules, CONTROL)
def exactly_as_long(report):
    # a control that was trained longer is only harder to beat
    return broken(kept(report, _7=report["control_epochs"] == report["epochs"]))


@wrong(checks.broken_rules, ORDER)
def highest_first(report):
    return broken(kept(report))[::-1]


@right(checks.broken_rules)
def rule_by_rule(report):
    found = []
    if report["size"] != "file":
        found.append(1)
    seeds = [Comparison(*x, report["images"]) for x in report["counts"]]
    worst = max(x.p_inferior(report["margin"]) for x in seeds)
    late = report["margin_fixed"] != "before"
    if worst >= 0.05 or late or report["images"] < 10_000:
        found.append(4)
    if len(seeds) < 3:
        found.append(5)
    if report["chosen_on"] != "validation":
        found.append(6)
    if report["control_epochs"] < report["epochs"]:
        found.append(7)
    return np.array(found, int)
