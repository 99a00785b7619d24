"""Jobs of a source whose files lie behind addresses: downloads several at a time, and answers as they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import groupby
from pathlib import Path

from curate.download.downloader import Downloader, Wanted
from curate.download.ledger import Ledger
from curate.download.limits import DownloadFailed, DownloadLimits
from curate.download.partial_file import PartialFile, PartialFileInUse, disk_trouble, give_back
from curate.gate.preflight import sniff
from rigmill.errors import FULL, UserError, errno_of
from rigmill.outcomes import Cost, Failed, FailKind, Kept, Outcome, Refusal, Reject
from rigmill.pipeline.stage import Answer, Job, Work
from rigmill.pipeline.together import Together, answers_as_they_end
from rigmill.storage.files import digest, sha256_file
from rigmill.storage.layout import Layout
from rigmill.types import Row, StoredFile

_SNIFFED_BYTES = 4096
MakeRow = Callable[[Row, StoredFile, str], Row]


def fetch_files(jobs: Sequence[Job], work: Work, make_row: MakeRow) -> Iterator[Answer]:
    """One answer per job, in the order in which downloads end. `make_row(payload, stored, format)` is the kept row.

    A payload carries `source`, `url`, `sha256` (or empty) and `problem` (why there is no url); the job's hints hold
    `download` (the keys of `DownloadLimits`) and `disk_budget_bytes`. A full disk or a used budget ends the batch with
    a UserError; what is finished has its answer before, and unfinished parts stay for the next run.
    """
    for source, group in groupby(jobs, key=lambda job: str(job.payload["source"])):
        batch = list(group)
        report = partial(work.report, "downloads of this batch", total=len(batch))
        yield from answers_as_they_end(_Fetching(source, batch, work, make_row), batch, report)


class _Fetching(Together):
    """One batch of one source."""

    def __init__(self, source: str, jobs: list[Job], work: Work, make_row: MakeRow) -> None:
        self._source, self._jobs, self._work, self._make_row = source, jobs, work, make_row
        self._folder = Layout(work.output).downloads(source)
        self._ledger = Ledger(self._folder, work.store)
        self._stack = AsyncExitStack()
        self._disk_is_full = False

    async def open(self) -> None:
        hints = self._jobs[0].hints  # those of the source: the same for all of its jobs
        self._limits = DownloadLimits.from_row(hints["download"])
        self._budget: int | None = hints.get("disk_budget_bytes")
        self._room = asyncio.Semaphore(self._limits.parallel)
        self._downloader = await self._stack.enter_async_context(Downloader.opened(self._limits))
        self._ledger.refresh()

    async def close(self) -> None:
        await self._stack.aclose()
        if self._disk_is_full:
            give_back(self._folder)

    async def answer(self, job: Job) -> Answer:
        started = time.monotonic()
        outcome: Outcome
        try:
            outcome = Kept([await self._take(job)])
        except Refusal as refusal:
            outcome = refusal.to_rejected()
        except DownloadFailed as failed:  # the two names are those that tables have always held
            outcome = Failed(FailKind.NETWORK, "Trouble", str(failed))
        except PartialFileInUse:
            outcome = Failed(FailKind.INTERRUPTED, "PartInUse", "another process is downloading the same file")
        except UserError as error:
            self._disk_is_full = self._disk_is_full or errno_of(error, FULL) is not None
            raise
        return Answer(job.key, outcome, Cost(wall_s=time.monotonic() - started))

    async def _take(self, job: Job) -> Row:
        payload = job.payload
        if payload["problem"]:
            raise Refusal(Reject.NO_ADDRESS, payload["problem"])
        wanted = Wanted(payload["url"], job.settings["max_file_bytes"], payload["sha256"])
        name = digest(wanted.url, wanted.sha256, length=32)
        stored = await self._here(name, wanted)
        if stored is None:
            async with self._room:
                stored = await self._download(name, wanted)
        return self._make_row(payload, stored, Path(stored.name).suffix[1:])

    async def _here(self, name: str, wanted: Wanted) -> StoredFile | None:
        """The file of an earlier run, if it is still what it was."""
        stored = self._ledger.find(name)
        if stored is None or stored.size_bytes > wanted.max_bytes:
            return None
        path = self._work.store.path(stored)
        found = path.is_file() and path.stat().st_size == stored.size_bytes
        return stored if found and await asyncio.to_thread(sha256_file, path) == stored.sha256 else None

    async def _download(self, name: str, wanted: Wanted) -> StoredFile:
        partial = PartialFile(self._folder, name)
        try:
            await asyncio.to_thread(partial.open)  # reads what is there
            known = self._ledger.find(name)
            if known is None or (partial.size, partial.sha256) != (known.size_bytes, known.sha256):
                self._check_budget()
                await self._downloader.get(wanted, partial)
            if partial.size == 0:
                raise Refusal(Reject.EMPTY_FILE, "the file holds no bytes")
            found = sniff(partial.head(_SNIFFED_BYTES))
            if found is None:
                raise Refusal(Reject.UNKNOWN_TYPE, "the content is neither glTF nor FBX, whatever the name says")
            stored = StoredFile(f"asset.{found}", partial.sha256, partial.size)
            whole = partial.finish()
            self._ledger.add(name, stored)
            self._work.store.take_file(stored.name, whole, stored.sha256)
            partial.remove()
            return stored
        except Refusal:
            partial.remove()
            raise
        except OSError as error:  # the network's have become DownloadFailed: this is the disk
            raise disk_trouble(error, self._folder / name) from error
        finally:
            partial.close()

    def _check_budget(self) -> None:
        if self._budget is None:
            return
        self._ledger.refresh()
        if self._ledger.listed_bytes < self._budget:
            return
        num_files, num_bytes = self._ledger.present()
        if num_bytes >= self._budget:
            raise UserError(
                f"source '{self._source}' has used its disk_budget_bytes: {num_bytes} of {self._budget}",
                code="E214",
                why=f"{num_files} files of {num_bytes // num_files} bytes on average are here, and stay",
                fix="raise disk_budget_bytes, or set assumed_file_bytes to that average, so that fewer are listed",
            )
