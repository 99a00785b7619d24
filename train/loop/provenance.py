"""What a resumable checkpoint was made with: a run that is made with something else does not go on from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from rigmill.errors import UserError
from rigmill.pipeline.plans import code_digest
from rigmill.storage.files import canonical_json, digest
from rigmill.types import Row
from train.inputs import TrainingClip, TrainSettings
from train.recipes import ModelConfig

PACKAGES = ("rigmill", "torch", "lightning", "diffusers", "transformers", "peft", "numpy")
_ONLY_SAID = "code"  # what changes results there raises a stage's version; a comment does not stop a run


@dataclass(frozen=True, slots=True)
class Origin:
    """What a training begins with, as its caller knows it."""

    weights: Mapping[str, str] = field(default_factory=dict)  # fingerprints by component
    parent: str = ""  # a checkpoint's id
    version: int = 0  # of the stage


def provenance_of(
    settings: TrainSettings, *, config: ModelConfig, clips: Sequence[TrainingClip], origin: Origin
) -> Row:
    """All that decides about the bytes of a training, by the name under which a person may have changed it."""
    row = {
        **{f"train.{name}": value for name, value in settings.to_row().items()},
        "model": digest(config.to_dict()),
        "clips": digest(sorted(clip.place.sha256 for clip in clips)),
        **{f"weights of {name}": value for name, value in origin.weights.items()},
        "parent checkpoint": origin.parent,
        "version of stage train": origin.version,
        **{f"version of {name}": _version(name) for name in PACKAGES},
        _ONLY_SAID: code_digest(("shards", "train"), __name__),
    }
    known: Row = json.loads(canonical_json(row))
    return known


def changed(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What a checkpoint was made with that is another now, by name, with both values."""
    names = sorted({*found, *wanted} - {_ONLY_SAID})
    return [
        f"{name} was {_shown(found.get(name))} and is {_shown(wanted.get(name))}"
        for name in names
        if found.get(name) != wanted.get(name)
    ]


def refuse_another(found: Mapping[str, Any] | None, wanted: Mapping[str, Any], *, force: bool, folder: str) -> None:
    """A UserError that names what changed since a checkpoint was written, unless the run is told to go on with it."""
    differences = changed(found, wanted) if found else ["it does not say with what it was made"]
    if differences and not force:
        raise UserError(
            f"this training cannot go on from its checkpoint: {'; '.join(differences[:4])}"
            + (f"; and {len(differences) - 4} more" if len(differences) > 4 else ""),
            why="what comes out would be neither the one training nor the other",
            fix=f"put it back as it was; or begin again: remove {folder}; or go on with it all the same: {{command}} "
            "--set train.force_resume=true",
            command=("run", "train"),
            code="E528",
        )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _shown(value: Any) -> str:
    text = "nothing" if value in (None, "", [], {}) else canonical_json(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
