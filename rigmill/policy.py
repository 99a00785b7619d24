"""Licence policies: which rights an asset needs."""

from __future__ import annotations

from rigmill.rights import Rights


def asset_refusal(rights: Rights, policy: str, *, licence: str) -> str | None:
    """Why the policy says no to an asset, as a sentence; None when it does not."""
    if rights.may_train is False:
        return f"policy {policy} needs may_train: yes, and the licence ({licence or 'unknown'}) says no"
    return None
