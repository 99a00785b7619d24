"""Collect: every asset that the sources offer, as a file in the store and a row that says where it is from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from curate.sources import SOURCES
from rigmill.errors import Reject, UserError
from rigmill.profile import Profile
from rigmill.stage import Answer, Input, Job, Row, Rows, Stage, Work, only_keys
from rigmill.types import Measured, Rejected


class CollectStage(Stage):
    """Candidates of the configured sources -> `collect` rows."""

    name = "collect"
    version = 1
    batch = 64  # only the jobs of a source that downloads share a group: one worker has many files on their way

    def settings(self, profile: Profile) -> Row:
        return {
            "sources": [source.model_dump(mode="json") for source in profile.sources],
            "seed": profile.seed,
            "max_file_bytes": profile.collect.max_file_bytes,
            "licence_policy": profile.licence_policy,
        }

    def job_settings(self, settings: Row) -> Row:
        """A job is keyed by its candidate alone: one more source redoes nothing."""
        return only_keys(settings, "max_file_bytes")

    def prepare(self, settings: Row, say: Callable[[str], None]) -> None:
        for source in settings["sources"]:
            SOURCES[source["kind"]].prepare(source | _shared(settings), say)

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """Every candidate. Of several with the same bytes the first (source by source, then by path) is taken."""
        names = [source["name"] for source in settings["sources"]]
        for name in names:
            if names.count(name) > 1:
                raise UserError(
                    f"two sources are called '{name}'", why="a source's name tells its assets from the others'",
                    fix="give each source in pipelines.yaml its own 'name'", code="E212",
                )
        first: dict[str, str] = {}
        for source in settings["sources"]:
            for item in SOURCES[source["kind"]].candidates(source | _shared(settings)):
                sha256 = item.payload.get("sha256")
                if sha256:
                    place = f"{source['name']}:{item.payload['uid']}"
                    original = first.setdefault(sha256, place)
                    if original != place:
                        item = replace(item, payload=item.payload | {"duplicate_of": original})
                yield item

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        fresh = []
        for job in jobs:
            if "duplicate_of" in job.payload:
                message = f"the same bytes as {job.payload['duplicate_of']}"
                yield Answer(job.key, Rejected(Reject.DUPLICATE_FILE.value, message), Measured())
            else:
                fresh.append(job)
        for kind, group in groupby(fresh, key=lambda job: job.payload["kind"]):
            yield from SOURCES[kind].fetch(list(group), work)


def _shared(settings: Row) -> Row:
    """What every source is told beside its own section."""
    return only_keys(settings, "seed", "max_file_bytes", "licence_policy")
