"""Generated assets: one per (group, variant), made by Blender from the seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from curate.licences.rights_of import rights_of
from curate.sources.asset_row import CollectedAsset
from rigmill.blender.child_files import open_own
from rigmill.blender.requests import MAKE_ASSET, MakeAnswer, MakeItem
from rigmill.kinds import SeenIn
from rigmill.outcomes import Kept, Outcome
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.types import Row


def candidates(settings: Row) -> Iterator[Input]:
    """One input per group and variant."""
    source = settings["name"]
    for group in sorted(set(settings["groups"])):
        for variant in range(settings["variants"]):
            uid = f"{group}-{variant}"
            payload = {
                "kind": "procedural",
                "source": source,
                "uid": uid,
                "group": group,
                "variant": variant,
                "seed": settings["seed"],
            }
            yield Input(f"{source}-{uid}", payload)


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each asset's file in the store and its row."""
    items = [MakeItem.from_item(job.payload).to_item() for job in jobs]
    # Replies first: they must be read to their end, or the client takes the server for one that is cut off.
    for reply, job in zip(work.blender.run(MAKE_ASSET, items, scratch=work.scratch), jobs):
        outcome: Outcome | None = reply.outcome
        if reply.value is not None:
            outcome = Kept([_row(job.payload, MakeAnswer.from_item(reply.value), work)])
        assert outcome is not None
        yield Answer(job.key, outcome, reply.measured)


def _row(payload: Row, made: MakeAnswer, work: Work) -> Row:
    with open_own(work.scratch, made.file) as asset:
        stored = work.store.put_file(f"asset.{made.format}", asset)
    return CollectedAsset(
        file=stored,
        source=payload["source"],
        source_uid=payload["uid"],
        origin=f"procedural:{payload['uid']}:seed-{payload['seed']}",
        title=made.title,
        tags=made.tags,
        licence="CC0-1.0",
        licence_seen_in=SeenIn.FILE,
        rights=rights_of("CC0-1.0"),
        format=made.format,
    ).to_row()
