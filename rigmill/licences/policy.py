"""Licence policies: which rights an asset and a clip need under `internal`, `publish` and `commercial`.

Read the table from top to bottom: the first rule that does not hold is the reason that a row gives. A shard holds
renders, joints and motions, never meshes, so `may_share_asset` is in no rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rigmill.kinds import ClipKind
from rigmill.licences.rights import Rights


class Policy(StrEnum):
    """What a dataset is made for. The names are those of `licence_policy` in a profile."""

    INTERNAL = "internal"
    PUBLISH = "publish"
    COMMERCIAL = "commercial"


class When(StrEnum):
    """What a rule is asked about."""

    ALWAYS = "always"  # every asset, before Blender, whatever it turns out to hold
    CHANGED = "changed"  # both sides of a retargeted clip
    MOVES = "moves"  # the asset whose motion a clip shows


@dataclass(frozen=True, slots=True)
class Rule:
    """One right, the value it must have, and whether it may be unknown."""

    right: str
    needed: bool
    unknown_is_fine: bool
    when: When
    why: str


_TRAIN = "the dataset is made to train models"
_NOAI = "the author asked that it is not used for generative models"
_CHANGE = "putting a motion on a character changes both"
INTERNAL = (
    Rule("noai", False, True, When.ALWAYS, _NOAI),
    Rule("may_train", True, True, When.ALWAYS, _TRAIN),
    Rule("may_modify", True, True, When.CHANGED, _CHANGE),
)
PUBLISH = (
    # Nobody can show that an author never asked; what is unknown here is for the deny list.
    Rule("noai", False, True, When.ALWAYS, _NOAI),
    Rule("may_train", True, False, When.ALWAYS, _TRAIN),
    Rule("may_share_renders", True, False, When.ALWAYS, "shards hold renders"),
    Rule("may_modify", True, False, When.CHANGED, _CHANGE),
    Rule("may_share_motion", True, False, When.MOVES, "shards hold joints and poses, which give the motion again"),
)
COMMERCIAL = (*PUBLISH, Rule("non_commercial", False, False, When.ALWAYS, "the dataset is meant for commercial use"))
POLICIES: dict[Policy, tuple[Rule, ...]] = {
    Policy.INTERNAL: INTERNAL,
    Policy.PUBLISH: PUBLISH,
    Policy.COMMERCIAL: COMMERCIAL,
}
# Terms that forbid passing on the files and whatever gives them again. Decisions about single rights do not change it.
NEVER_GIVEN_AWAY = frozenset({"LicenseRef-Mixamo"})


def obstacle(rights: Rights, policy: str, *, licence: str, when: frozenset[When]) -> Rule | str | None:
    """What the policy stumbles over: a rule, or terms that are never given away; None when it says yes."""
    if Policy(policy) is not Policy.INTERNAL:
        for name in re.findall(r"[\w.+-]+", licence):
            if name in NEVER_GIVEN_AWAY:
                return name
    for rule in POLICIES[Policy(policy)]:
        found = getattr(rights, rule.right)
        asked = rule.when is When.ALWAYS or rule.when in when
        if asked and found != rule.needed and not (found is None and rule.unknown_is_fine):
            return rule
    return None


@lru_cache(maxsize=65_536)  # a plan asks for every row, and there are few different answers
def refusal(rights: Rights, policy: str, *, licence: str, when: frozenset[When]) -> str | None:
    """Why the policy says no, as a sentence that names the right and the licence; None when it does not."""
    found = obstacle(rights, policy, licence=licence, when=when)
    if found is None:
        return None
    if isinstance(found, str):
        return f"policy {policy} gives the dataset away, and nothing under {found} may be"
    # A right that nobody stated, and one that is denied, send a person to different places.
    value = getattr(rights, found.right)
    said = "leaves it open" if value is None else f"says {_word(value)}"
    return (
        f"policy {policy} needs {found.right}: {_word(found.needed)}, and the licence ({licence or 'unknown'}) "
        f"{said}; {found.why}"
    )


def asset_refusal(rights: Rights, policy: str, *, licence: str) -> str | None:
    """The verdict on an asset before anything is known about it."""
    return refusal(rights, policy, licence=licence, when=frozenset())


def clip_refusal(rights: Rights, policy: str, *, licence: str, kind: str) -> str | None:
    """The verdict on a clip, from the rights in its row (of both sides, if it is retargeted)."""
    return refusal(rights, policy, licence=licence, when=asked_of_clip(kind))


def asked_of_clip(kind: str) -> frozenset[When]:
    """What is asked about a clip of a kind (native or retargeted)."""
    return frozenset({When.MOVES, When.CHANGED} if kind == ClipKind.RETARGETED else {When.MOVES})


def pair_refusal(rights: Rights, policy: str, *, licence: str, moves: bool) -> str | None:
    """The verdict on one side of a pair: the asset whose motion is taken (`moves`), or the one that it is put on.

    Two sides that are allowed make a clip that is allowed.
    """
    return refusal(rights, policy, licence=licence, when=frozenset({When.CHANGED} | ({When.MOVES} if moves else set())))


def _word(value: bool) -> str:
    return "yes" if value else "no"
