"""What becomes of a job that broke: how often it is tried again, who is to blame, and when a stage is given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rigmill.outcomes import Cost, Failed, FailKind
from rigmill.pipeline.stage import Answer, Stub

FAILED_SHARE_FROM_JOBS = 20  # a share of fewer says little


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a job is tried at most, by why it failed. What is not named here is the input's own: once."""

    after_interruption: int
    after_crash: int = 2

    def again(self, failed: Failed, *, attempt: int) -> bool:
        """Whether the job is tried once more, after attempt 1, 2, ... ended so."""
        allowed = {FailKind.INTERRUPTED: self.after_interruption, FailKind.CRASH: self.after_crash}
        return attempt < allowed.get(failed.kind, 1)


def blame(stage: str, left: Sequence[Stub], *, died: bool, num_answers: int) -> tuple[Answer | None, list[Stub]]:
    """The answer for the job that took its batch down, if there is one, and the jobs that were not tried.

    `left` has no answers, in the order of the work: the first is what a dead worker was at. A worker that lives has
    ended early after its last answer; where it gave none, the first is to blame, or the batch would go round forever.
    """
    if not left or (not died and num_answers):
        return None, list(left)
    failed = (
        Failed(FailKind.INTERRUPTED, "WorkerGone", "the worker process was ended from outside")
        if died
        else Failed(FailKind.EXCEPTION, "NoAnswer", f"stage '{stage}' gave no answer for this job")
    )
    return Answer(left[0].key, failed, Cost()), list(left[1:])


def too_much_failed(num_broken: int, num_jobs: int, *, max_share: float) -> bool:
    """Whether so many of the jobs that ended broke that something else than the inputs must be wrong.

    What ran out of its own time or memory is not among the broken: large files are no sign of that.
    """
    return num_jobs >= FAILED_SHARE_FROM_JOBS and num_broken / num_jobs > max_share
