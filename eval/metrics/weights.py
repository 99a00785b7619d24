"""Weights of others that a metric looks through: read only if they are the very ones, by digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any


class Unavailable(Exception):
    """A metric cannot be had here. The message is a sentence for a person: what is missing, and where it comes from."""


def read_weights(path: Path, sha256: str) -> dict[str, Any]:
    """The tensors of a .pth file whose digest begins with `sha256`; raises Unavailable."""
    import torch

    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from error
    if not found.startswith(sha256):
        raise Unavailable(f"{path} is another file than the one that is known: its sha256 is {found}, not {sha256}")
    # As its authors gave it away; tensors alone, nothing in it is run.
    weights: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    return weights
