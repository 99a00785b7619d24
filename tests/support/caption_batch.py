"""Three hundred captions asked for by a process that may be killed: the stage's own code, without a driver.

    python -m tests.support.caption_batch FOLDER URL

writes `ends.json` into the folder when all have ended: clip id to [status, code, message].
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from caption.stage import CaptionStage
from rigmill.outcomes import Failed, Kept, Outcome
from rigmill.pipeline.stage import Job
from tests.support.captioned import render_row, walking
from tests.support.curation import PlainWork, Tables, demo_profile, plain_work

NUM_CLIPS, BATCH = 300, 50


def jobs_of(work: PlainWork, url: str) -> list[Job]:
    """One drawn walk under three hundred titles: as many questions."""
    first = render_row(work.store, "clip", *walking())
    rows = [first | {"clip_id": f"clip-{number:03d}", "title": f"dog {_word(number)}"} for number in range(NUM_CLIPS)]
    endpoint = {"base_url": url, "model": "m", "request_s": 0.6, "deadline_s": 60, "tries": 8, "breaker": 200}
    asked = demo_profile(output=str(work.output), caption={"provider": "model", "endpoint": endpoint})
    return CaptionStage().plan(Tables({"render": rows}), asked)


def _word(number: int) -> str:
    """Another word for every number: digits are no word in a title."""
    return "".join("bcdfghklmn"[int(digit)] + "a" for digit in str(number))


def outcomes(jobs: list[Job], work: PlainWork) -> Iterator[tuple[str, Outcome]]:
    """Every job's end, batch by batch as a worker gets them."""
    ids = {job.key: job.input_id for job in jobs}
    for start in range(0, len(jobs), BATCH):
        for answer in CaptionStage().run(jobs[start : start + BATCH], work):  # type: ignore[arg-type]
            yield ids[answer.key], answer.outcome


def _ended(outcome: Outcome) -> list[Any]:
    if isinstance(outcome, Kept):
        return ["kept", None, outcome.rows[0]["caption"]]
    if isinstance(outcome, Failed):
        return ["failed", outcome.kind, outcome.message]
    return ["rejected", outcome.code, outcome.message]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    lent = plain_work(folder)
    ends = {clip_id: _ended(outcome) for clip_id, outcome in outcomes(jobs_of(lent, sys.argv[2]), lent)}
    (folder / "ends.json").write_text(json.dumps(ends))
