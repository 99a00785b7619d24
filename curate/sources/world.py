"""The generated world: bodies of all plans with their takes, each with its truth and its words. No file, no network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from curate.licences.rights_of import rights_of
from curate.sources.asset_row import CollectedAsset
from curate.world.glb import LICENCE
from curate.world.listing import HoldOut, entries
from curate.world.make import Made, make, shown_name
from curate.world.motions import motions
from curate.world.plans import plans
from rigmill.errors import UserError
from rigmill.kinds import SeenIn
from rigmill.outcomes import Cost, Kept
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.types import Row


def candidates(settings: Row) -> Iterator[Input]:
    """One input per asset; its uid begins with what it is held out of."""
    source, held = settings["name"], settings["hold_out"]
    hold_out = HoldOut(tuple(held["plans"]), tuple(held["pairs"]), held["share"])
    chosen = settings["plans"] or list(plans())
    _check(source, [*chosen, *hold_out.plans], hold_out.pairs)
    for entry in entries(
        clips=settings["clips"], takes=settings["takes"], chosen=chosen, hold_out=hold_out, seed=settings["seed"]
    ):
        payload = {
            "kind": "world",
            "source": source,
            "uid": entry.uid,
            "plan": entry.plan,
            "number": entry.number,
            "motions": list(entry.motions),
            "takes": entry.takes,
            "num_frames": settings["num_frames"],
            "fps": settings["fps"],
            "seed": settings["seed"],
        }
        yield Input(f"{source}-{entry.uid}", payload)


def _check(source: str, named: Sequence[str], pairs: Sequence[str]) -> None:
    known = plans()
    for name in [*named, *(pair.partition(":")[0] for pair in pairs)]:
        if name not in known:
            raise UserError(
                f"source '{source}': there is no plan '{name}'",
                why="the world has " + ", ".join(known),
                fix="correct plans or hold_out of the source",
                code="E231",
            )
    for pair in pairs:
        if pair.partition(":")[2] not in motions():
            raise UserError(
                f"source '{source}': '{pair}' names no motion",
                why="a pair is written plan:motion, and motions are " + ", ".join(motions()),
                fix="correct hold_out.pairs of the source",
                code="E231",
            )


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each asset's file in the store and its row."""
    for job in jobs:
        payload = job.payload
        made = make(
            payload["plan"],
            payload["number"],
            payload["seed"],
            takes=payload["takes"],
            only=payload["motions"],
            num_frames=payload["num_frames"],
            fps=payload["fps"],
        )
        yield Answer(job.key, Kept([_row(payload, made, work)]), Cost())


def _row(payload: Row, made: Made, work: Work) -> Row:
    return CollectedAsset(
        file=work.store.put_bytes("asset.glb", made.to_glb()),
        source=payload["source"],
        source_uid=payload["uid"],
        origin=f"world:{payload['uid']}:seed-{payload['seed']}",
        title=made.title,
        tags=made.body.tags,
        licence=LICENCE,
        licence_seen_in=SeenIn.FILE,
        rights=rights_of(LICENCE),
        format="glb",
        takes=[
            {
                "motion": shown_name(take.name),
                "truth": json.dumps(take.truth.to_row(), sort_keys=True),
                "captions": list(said),
            }
            for take, said in zip(made.takes, made.captions)
        ],
    ).to_row()
