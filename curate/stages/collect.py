"""Collect: every asset that the sources offer, as a file in the store and a row that says where it is from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from curate.licences.embedded import with_embedded
from curate.sources import SOURCES
from curate.sources.inside import look_inside
from rigmill.blender.client import ChildFailed
from rigmill.config.schema import Profile
from rigmill.errors import UserError
from rigmill.licences.deny_list import Denied, read_denied
from rigmill.outcomes import Cost, Kept, Outcome, Refusal, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS
from rigmill.storage.rows import only_keys
from rigmill.types import Row, StoredFile


class CollectStage(Stage):
    """Candidates of the configured sources -> `collect` rows."""

    name = "collect"
    version = 2
    writes = PRODUCTS["collect"]
    batch = 64  # only the jobs of a source that downloads share a group: one worker has many files on their way
    usual_seconds = 1.5

    def settings(self, profile: Profile) -> Row:
        return {
            "sources": [source.model_dump(mode="json") for source in profile.sources],
            "seed": profile.seed,
            "max_file_bytes": profile.collect.max_file_bytes,
            "denied": read_denied(profile.licence.deny_list),
            "licence_policy": profile.licence_policy,
        }

    def job_settings(self, settings: Row) -> Row:
        """A job is keyed by its candidate alone: one more source redoes nothing."""
        return only_keys(settings, "max_file_bytes")

    def prepare(self, settings: Row, say: Callable[[str], None]) -> None:
        for source in settings["sources"]:
            SOURCES[source["kind"]].prepare({**source, **_shared(settings)}, say)

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        """Every candidate. Of several with the same bytes the first (source by source, then by path) is taken.

        What the deny list names is marked here, before anything is downloaded, with every copy that is known by then.
        """
        names = [source["name"] for source in settings["sources"]]
        for name in names:
            if names.count(name) > 1:
                raise UserError(
                    f"two sources are called '{name}'",
                    why="a source's name tells its assets from the others'",
                    fix="give each source in pipelines.yaml its own 'name'",
                    code="E212",
                )
        found = [
            (source["name"], item)
            for source in settings["sources"]
            for item in SOURCES[source["kind"]].candidates(
                {**source, **_shared(settings), "output": str(tables.output or "")}
            )
        ]
        denied = _denied(found, Denied(settings["denied"]))
        first: dict[str, str] = {}
        for source, item in found:
            sha256, place = item.payload.get("sha256"), f"{source}:{item.payload['uid']}"
            reason = denied.get(place) or (denied.get(sha256) if sha256 else None)
            if reason:
                item = replace(item, payload={**item.payload, "denied": reason})
            elif sha256:
                original = first.setdefault(sha256, place)
                if original != place:
                    item = replace(item, payload={**item.payload, "duplicate_of": original})
            yield item

    def why_empty(self, tables: Rows, profile: Profile) -> str:
        places = [str(getattr(source, "path", source.name)) for source in profile.sources]
        return f"there is no file to collect in the profile's sources: {', '.join(places) or 'it has none'}"

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        fresh = []
        for job in jobs:
            if "denied" in job.payload:
                message = f"on the deny list: {job.payload['denied']}"
                yield Answer(job.key, Rejected(Reject.DENIED, message), Cost())
            elif "duplicate_of" in job.payload:
                message = f"the same bytes as {job.payload['duplicate_of']}"
                yield Answer(job.key, Rejected(Reject.DUPLICATE_FILE, message), Cost())
            else:
                fresh.append(job)
        for kind, group in groupby(fresh, key=lambda job: job.payload["kind"]):
            for answer in SOURCES[kind].fetch(list(group), work):
                yield replace(answer, outcome=_with_own_words(answer.outcome, work))


def _denied(found: Sequence[tuple[str, Input]], listed: Denied) -> dict[str, str]:
    """Why a candidate is denied, by its place; and by its digest, for copies of it elsewhere."""
    reasons: dict[str, str] = {}
    if not listed:
        return reasons
    for source, item in found:
        payload = item.payload
        sha256 = payload.get("sha256") or ""
        reason = listed.reason(source=source, uid=payload["uid"], sha256=sha256, origin=payload.get("origin") or "")
        if reason:
            reasons[f"{source}:{payload['uid']}"] = reason
            if sha256:
                reasons.setdefault(sha256, reason)
    return reasons


def _with_own_words(outcome: Outcome, work: Work) -> Outcome:
    """A collected row with the licence and the names that its file holds, whichever source it is from."""
    if not isinstance(outcome, Kept):
        return outcome
    rows = []
    for row in outcome.rows:
        try:
            rows.append(with_embedded(row, look_inside(StoredFile.from_row(row["file"]), work).embedded))
        except Refusal as refusal:
            return refusal.to_rejected()
        except ChildFailed as failed:
            return failed.outcome
    return Kept(rows)


def _shared(settings: Row) -> Row:
    """What every source is told beside its own section."""
    return only_keys(settings, "seed", "max_file_bytes", "licence_policy")
