"""What is said of a file that cannot be played."""

from __future__ import annotations


class Unplayable(ValueError):
    """This file shows no animated mesh that can be measured; the message says why in one sentence without its name."""
