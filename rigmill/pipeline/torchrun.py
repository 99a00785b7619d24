"""Whether torchrun has started this command several times: process 0 drives, the others follow it."""

from __future__ import annotations

import os


def torchrun_world() -> int:
    """How many processes torchrun has started; 1 where it has not."""
    return int(os.environ["WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def torchrun_rank() -> int:
    """Which of them this is."""
    return int(os.environ["RANK"]) if torchrun_world() > 1 else 0
