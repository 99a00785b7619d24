"""How long to wait before a request is sent again: as the server says, or longer each time."""

from __future__ import annotations

import email.utils
import random
import re
import time
from collections.abc import Mapping

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


def pause_s(question: str, attempt: int) -> float:
    """Before the attempt after this one, counted from 0: anything up to twice the last bound, the same in every run.

    Full jitter: that many workers which failed together do not come back together.
    """
    bound = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempt, 16))
    return random.Random(f"{question} {attempt}").uniform(0.0, bound)


def asked_pause_s(headers: Mapping[str, str]) -> float | None:
    """Seconds for which the server wants to be left alone, at least 0; None when it does not say, or nonsense."""
    if (pause := _number(headers.get("retry-after-ms", ""))) is not None:
        return pause / 1000
    text = headers.get("retry-after", "").strip()
    if (pause := _number(text)) is not None:
        return pause
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text.strip()) else None
