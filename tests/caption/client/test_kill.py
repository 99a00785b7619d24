from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from caption.client.asker import Asker
from caption.client.cache import Cache, key_of, parameters_of
from caption.questions.question import Reply
from rigmill.config.caption import Endpoint
from tests.support.caption_questions import GOOD, endpoint, question
from tests.support.caption_server import Answer, served
from tests.support.paths import ROOT

NUM_QUESTIONS, AT_ONCE = 60, 4
CHILD = """
import asyncio, sys
from pathlib import Path
from tests.support.caption_questions import endpoint, question
from caption.client.asker import Asker

async def main(url, output, num, at_once):
    async with Asker.opened(endpoint(url, concurrency=at_once, max_tokens=10**6), output=output) as asker:
        await asyncio.gather(*(asker.ask(question(number)) for number in range(num)))

asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
"""


def test_after_a_kill_no_finished_question_is_asked_again(tmp_path: Path) -> None:
    with served(answering=lambda request, seen: Answer(text=json.dumps(GOOD), silent_s=0.02)) as server:
        arguments = [server.url, tmp_path, NUM_QUESTIONS, AT_ONCE]
        child = subprocess.Popen([sys.executable, "-c", CHILD, *map(str, arguments)], cwd=ROOT)
        until = time.monotonic() + 60
        while len(list((tmp_path / "answers").glob("??/*.json"))) < 15 and time.monotonic() < until:
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        where = endpoint(server.url, concurrency=AT_ONCE, max_tokens=10**6)
        finished = {number for number in range(NUM_QUESTIONS) if _is_kept(number, where, tmp_path)}
        before = len(server.log)
        assert 15 <= len(finished) <= before < NUM_QUESTIONS  # killed in the middle
        replies, spent = asyncio.run(_ask_all(where, tmp_path))
        assert all(isinstance(reply, Reply) and reply.value == GOOD for reply in replies)
        again = server.log[before:]
        assert {number for number in range(NUM_QUESTIONS) if replies[number].cached} == finished
        assert len(again) == NUM_QUESTIONS - len(finished)
        asked_twice = {one.digest for one in server.log[:before]} & {one.digest for one in again}
        # Those that were under way, and those whose answers were being written while the next ones were asked.
        assert len(asked_twice) == before - len(finished) <= 2 * AT_ONCE
        # What was lost is counted too, and so is what was just about to be sent.
        assert len(server.log) <= spent.num_requests <= len(server.log) + AT_ONCE


def _is_kept(number: int, where: Endpoint, output: Path) -> bool:
    asked = question(number)
    key = key_of(asked.digest, parameters_of(asked, where), where.model)
    return Cache(output / "answers").find(key) is not None


async def _ask_all(where: Endpoint, output: Path):
    async with Asker.opened(where, output=output) as asker:
        replies = await asyncio.gather(*(asker.ask(question(number)) for number in range(NUM_QUESTIONS)))
        return replies, asker.spent()
