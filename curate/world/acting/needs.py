"""Which bodies a motion is for."""

from __future__ import annotations

from curate.world.body import Body


def legged(body: Body) -> bool:
    """It stands on legs."""
    return len(body.legs) >= 2


def two_legged(body: Body) -> bool:
    """It stands on two legs."""
    return len(body.legs) == 2


def many_legged(body: Body) -> bool:
    """It stands on four legs or more."""
    return len(body.legs) >= 4


def four_legged(body: Body) -> bool:
    """It stands on four legs."""
    return len(body.legs) == 4


def upright_or_four_legged(body: Body) -> bool:
    """It stands on legs, four at most: what sprawls has no room to set its feet fast."""
    return 2 <= len(body.legs) <= 4


def person_like(body: Body) -> bool:
    """Two legs and at least two arms: what people do, it can."""
    return len(body.legs) == 2 and len(body.arms) >= 2 and not body.arms[0].folded


def headed(body: Body) -> bool:
    """It has a head on a neck."""
    return body.head is not None and bool(body.neck)


def winged(body: Body) -> bool:
    """It flies with wings."""
    return bool(body.wings) and "fly" in body.can
