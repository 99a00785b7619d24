"""Which of the built-in methods each metric must put before which, and why some pairs are not asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from eval.baselines.make import MODEL, NEAREST, NOISE_LARGE, NOISE_SMALL, STATIC, TRUTH
from eval.compare.results import MethodResult
from eval.metrics.metric import Better, Metric

Pairs = tuple[tuple[str, str], ...]  # the first is better

_OTHERS = (NOISE_LARGE, NEAREST, STATIC, MODEL)
# Against the truth: it comes before all, and a degree of noise before everything that is another motion.
AGAINST_TRUTH: Pairs = ((TRUTH, NOISE_SMALL), *product((TRUTH,), _OTHERS), *product((NOISE_SMALL,), _OTHERS))
_MOVING: Pairs = ((TRUTH, NOISE_SMALL), (TRUTH, NOISE_LARGE), (NOISE_SMALL, NOISE_LARGE))
# By themselves: VBench's rules reward stillness, so a body at rest comes first and violent noise behind the truth.
_STILL_FIRST: Pairs = ((STATIC, TRUTH), (STATIC, NOISE_LARGE), (TRUTH, NOISE_LARGE))

_FEET = "feet that never move do not slide: who stands still is not told from the truth"
_OWN: Mapping[str, tuple[Pairs, str]] = {
    "foot_slide_pct_s": (_MOVING, _FEET),
    "skate_share.unimate": (_MOVING, _FEET),
    "slide_pct.unimate": (_MOVING, _FEET),
    "bone_drift_pct": ((), "a body against its own rest: rigid bones have none, whatever they do"),
    "usable_share": ((), "only of methods that read pose maps"),
    "facts_fit": (((TRUTH, STATIC),), "noise and neighbours often do what the verb says"),
    "imaging_quality.proxy": ((), "all bodies are drawn by the same renderer"),
    "acceleration_error_pct_s2": (
        ((TRUTH, NOISE_SMALL), *product((TRUTH,), _OTHERS), (NOISE_SMALL, NOISE_LARGE)),
        "noise shakes: its accelerations are off by more than those of a body that stands still",
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One metric, and the pairs that it must order; `left_out` says why pairs of AGAINST_TRUTH are not among them."""

    metric: Metric
    pairs: Pairs
    left_out: str


def asked_of(metric: Metric) -> Asked:
    """What a metric must order."""
    if metric.better is Better.NEITHER:
        return Asked(metric, (), "it describes and orders nothing")
    if metric.name in _OWN:
        return Asked(metric, *_OWN[metric.name])
    if metric.backend == "embedded":
        return Asked(metric, _STILL_FIRST, "it knows no truth: stillness comes first")
    return Asked(metric, AGAINST_TRUTH, "")


def ordered(metrics: Sequence[Metric], methods: Sequence[MethodResult]) -> dict[str, Any]:
    """`order_right_share` of the pairs of all metrics with numbers, on means over clips; which are wrong, and by clip.

    Equal numbers are right where a metric can be full (shares), and are counted.
    """
    by_name = {method.name: method for method in methods}
    right = equal = total = right_clips = total_clips = 0
    wrong: list[str] = []
    metrics_used = []
    for metric in metrics:
        values = {name: method.values(metric.name) for name, method in by_name.items()}
        pairs = [pair for pair in asked_of(metric).pairs if all(values.get(name) for name in pair)]
        if not pairs:
            continue
        metrics_used.append(metric.name)
        sign = 1 if metric.better is Better.HIGHER else -1
        for first, second in pairs:
            clips = sorted(values[first].keys() & values[second].keys())
            gaps = [sign * (values[first][clip] - values[second][clip]) for clip in clips]
            mean = sum(gaps) / len(gaps)
            total, right, equal = total + 1, right + (mean >= 0), equal + (mean == 0)
            total_clips, right_clips = total_clips + len(gaps), right_clips + sum(gap >= 0 for gap in gaps)
            if mean < 0:
                means = [sum(values[name][clip] for clip in clips) / len(clips) for name in (first, second)]
                wrong.append(f"{metric.name}: {first} {means[0]:.4g} behind {second} {means[1]:.4g}")
    return {
        "order_right_share": right / max(total, 1),
        "order_pairs": total,
        "order_equal": equal,
        "order_right_share_by_clip": right_clips / max(total_clips, 1),
        "order_metrics": len(metrics_used),
        "order_wrong": wrong,
    }
