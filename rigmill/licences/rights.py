"""What may be done with an asset, a motion or a clip: three-valued rights, and what two of them leave together."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from rigmill.types import Row


@dataclass(frozen=True, slots=True)
class Rights:
    """Each is True, False or None (nobody said). Where it matters, unknown counts as no."""

    may_train: bool | None = None
    may_modify: bool | None = None  # put another motion on it, change its mesh
    may_share_asset: bool | None = None  # give away the file, or anything that holds its mesh
    may_share_motion: bool | None = None  # give away anything that gives its motion again: joints, poses, curves
    may_share_renders: bool | None = None
    needs_credit: bool | None = None
    share_alike: bool | None = None
    non_commercial: bool | None = None  # True: commercial use is forbidden
    noai: bool | None = None  # True: the author asked that it is not used for generative models

    def to_row(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_row(cls, row: Row | None) -> Rights:
        return cls(**(row or {}))


PERMISSIONS = ("may_train", "may_modify", "may_share_asset", "may_share_motion", "may_share_renders")
UNKNOWN = Rights()


def meet(first: Rights, second: Rights) -> Rights:
    """What holds for something made of both: a permission needs both, an obligation or a ban comes from either."""
    values: dict[str, bool | None] = {}
    for field in fields(Rights):
        pair = (getattr(first, field.name), getattr(second, field.name))
        decisive = field.name not in PERMISSIONS  # the value that one side alone can impose
        values[field.name] = decisive if decisive in pair else (None if None in pair else not decisive)
    return Rights(**values)


def clip_rights(character: Rights, motion: Rights) -> Rights:
    """The rights of a clip in which a character moves by another asset's motion.

    The meet of both, but for the character's own motion: that is not in the clip, so its owner has no say in it.
    """
    return meet(replace(character, may_share_motion=True), motion)
