"""A rendered clip as the stages of captions read it, and the rows that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rigmill.clips.numbers import ClipGeometry
from rigmill.facts.facts import MotionFacts
from rigmill.facts.measure import measure
from rigmill.types import Row, StoredFile


def stored_file(payload: Row, name: str) -> StoredFile:
    """One of the clip's files, by the name that it has in the render stage."""
    return next(StoredFile.from_row(file) for file in payload["files"] if file["name"] == name)


def clip_facts(payload: Row, geometry: ClipGeometry) -> MotionFacts:
    """What the joints of a rendered clip do. `humanoid` in the payload is what its file declares its limbs to be."""
    declared = {entry["bone"]: entry["joint"] for entry in payload.get("humanoid") or ()}
    rig, motion = geometry.own(geometry.motion)
    joints = geometry.joints[:, : rig.num_joints]
    return measure(rig, motion, joints=joints, humanoid=declared or None, front_deg=geometry.front_deg)


def product_row(payload: Row, facts: MotionFacts, sentences: Sequence[str], provider: str, **said: Any) -> Row:
    """The row of a captioned clip. `said`: what a model told of subject, verb and confidence, and its name."""
    words = {"caption": sentences[0], "captions": list(sentences), "provider": provider}
    unknown = dict.fromkeys(("subject", "verb", "confidence", "model"))
    return {"clip_id": payload["clip_id"], **words, **unknown, **said, **asdict(facts)}


def category_row(asset_id: str, provider: str, *, category: str, secondary: list[str], **said: Any) -> Row:
    """The row of an asset. `said`: what a model told of confidence and evidence, and its name."""
    judged = {"category": category, "secondary": secondary, "category_provider": provider}
    return {"asset_id": asset_id, **judged, **dict.fromkeys(("confidence", "evidence", "model")), **said}
