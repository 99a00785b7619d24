"""What a licence allows: SPDX ids to rights."""

from __future__ import annotations

from rigmill.rights import UNKNOWN, Rights

_FREE = Rights(
    may_train=True, may_modify=True, may_share_asset=True, may_share_renders=True, needs_credit=False,
    share_alike=False, non_commercial=False,
)
_KNOWN: dict[str, Rights] = {"CC0-1.0": _FREE}


def rights_of(licence: str) -> Rights:
    """The rights under an SPDX id; all unknown for a text that is none."""
    return _KNOWN.get(licence, UNKNOWN)
