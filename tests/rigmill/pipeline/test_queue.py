"""Every job of a stage waits, is in somebody's hands, or is finished; who is tried again, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigmill.outcomes import Failed, FailKind
from rigmill.pipeline.queue import Queue
from rigmill.pipeline.retry import Retries, blame, too_much_failed
from rigmill.pipeline.stage import Stub


def stubs(*names: str) -> list[Stub]:
    """One job per name; its group is the first letter."""
    return [Stub(name, name, name[0], "{}", None) for name in names]


def keys(batch: list[Stub]) -> list[str]:
    return [stub.key for stub in batch]


def test_jobs_of_a_group_go_together_and_what_was_not_tried_goes_first() -> None:
    queue = Queue(batch=2)
    queue.add(stubs("a1", "b1", "a2", "a3"))
    queue.add(stubs("a1", "b2"))  # planned again
    batch = queue.next_batch()
    assert keys(batch) == ["a1", "a2"]
    queue.finish("a1")
    assert keys(queue.next_batch()) == ["a3"]
    queue.put_back(batch[1:])
    assert [keys(queue.next_batch()) for _ in range(2)] == [["a2"], ["b1", "b2"]]
    assert not queue.ready and queue.num_handed_out == 4


def test_jobs_without_groups_fill_every_batch() -> None:
    queue = Queue(batch=3, together=True)
    queue.add(stubs("a1", "b1", "c1", "d1"))
    assert [keys(queue.next_batch()) for _ in range(2)] == [["a1", "b1", "c1"], ["d1"]]


def test_a_quota_counts_jobs_and_not_attempts() -> None:
    queue = Queue(batch=5, quota=2)
    queue.add(stubs("a1", "a2", "a3"))
    first, second = queue.next_batch()
    assert not queue.ready
    queue.put_back([second])
    assert keys(queue.next_batch()) == ["a2"] and not queue.ready
    queue.try_again("a1")
    assert queue.ready and queue.job("a1") == (first, 2)
    assert keys(queue.next_batch()) == ["a1"]  # alone, so that blame is certain


def test_what_is_finished_is_not_taken_in_again() -> None:
    queue = Queue(batch=1)
    queue.add(stubs("a1"))
    queue.next_batch()
    queue.finish("a1")
    queue.add(stubs("a1"))
    assert not queue.ready and queue.num_finished == 1


@given(st.lists(st.sampled_from(["answer", "again", "back"]), max_size=60), st.integers(1, 4), st.integers(0, 20))
def test_no_job_is_lost_whatever_happens_to_batches(ends: list[str], batch: int, quota: int) -> None:
    queue = Queue(batch=batch, quota=quota)
    jobs = stubs(*(f"{'abc'[number % 3]}{number}" for number in range(12)))
    queue.add(jobs)
    finished: list[str] = []
    for end in [*ends, *["answer"] * 200]:
        if not queue.ready:
            break
        for stub in queue.next_batch():
            if end == "answer" or (end == "again" and queue.job(stub.key)[1] > 2):
                queue.finish(stub.key)
                finished.append(stub.key)
            elif end == "again" or queue.job(stub.key)[1] > 1:
                queue.try_again(stub.key)
            else:
                queue.put_back([stub])
    assert len(finished) == len(set(finished)) == queue.num_finished == min(quota, len(jobs))
    assert queue.num_handed_out == 0


@pytest.mark.parametrize(
    ("kind", "tries"), [(FailKind.INTERRUPTED, 3), (FailKind.CRASH, 2), (FailKind.EXCEPTION, 1), (FailKind.TIMEOUT, 1)]
)
def test_a_failure_is_tried_again_as_often_as_its_kind_deserves(kind: FailKind, tries: int) -> None:
    again = [Retries(after_interruption=3).again(Failed(kind, "E", "m"), attempt=attempt) for attempt in range(1, 6)]
    assert again.count(True) == tries - 1 and again == sorted(again, reverse=True)


def test_the_first_job_without_an_answer_is_to_blame_where_somebody_is() -> None:
    left = stubs("a1", "a2")
    died, others = blame("probe", left, died=True, num_answers=5)
    assert died and died.key == "a1" and isinstance(died.outcome, Failed) and others == left[1:]
    assert died.outcome.kind is FailKind.INTERRUPTED
    silent, others = blame("probe", left, died=False, num_answers=0)
    assert silent and isinstance(silent.outcome, Failed) and others == left[1:]
    assert silent.outcome.message == "stage 'probe' gave no answer for this job"
    assert blame("probe", left, died=False, num_answers=1) == (None, left)  # it ended early, after an answer
    assert blame("probe", [], died=True, num_answers=1) == (None, [])


def test_a_share_of_failures_counts_from_twenty_jobs_on() -> None:
    assert not too_much_failed(19, 19, max_share=0.5)
    assert not too_much_failed(10, 20, max_share=0.5)
    assert too_much_failed(11, 20, max_share=0.5)
