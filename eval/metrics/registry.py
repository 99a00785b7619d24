"""Every metric there is, by its name."""

from __future__ import annotations

from collections.abc import Iterable

from eval.metrics import chamfer, embedded, features, feet, joints, lpips, mesh, pictures, vbench
from eval.metrics.metric import Better, Metric

FACTS = Metric(
    "facts_fit",
    "facts fit",
    "",
    Better.HIGHER,
    "share of clips whose motion, by its joints, does what the prompt's verb asks for",
)

METRICS: tuple[Metric, ...] = (
    *joints.METRICS,
    *feet.METRICS,
    *mesh.METRICS,
    *chamfer.METRICS,
    *pictures.METRICS,
    *features.METRICS,
    *lpips.METRICS,
    *embedded.METRICS,
    *vbench.METRICS,
    FACTS,
)

_BY_NAME = {metric.name: metric for metric in METRICS}
if len(_BY_NAME) != len(METRICS):
    raise AssertionError("two metrics have one name")


def by_name(name: str) -> Metric:
    """The metric of a name; KeyError: there is none."""
    return _BY_NAME[name]


def names(of: Iterable[Metric] = METRICS) -> tuple[str, ...]:
    """The names of metrics, in the order in which tables print them."""
    return tuple(metric.name for metric in of)
