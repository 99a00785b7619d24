"""Checkpoints that a person names: a folder, an id of the profile's train table, or the newest there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rigmill.errors import UserError
from rigmill.storage.layout import Layout
from rigmill.storage.segments import StageTable
from rigmill.types import StoredFile
from train.recipes import ModelConfig

if TYPE_CHECKING:
    from train.weights import Model

WEIGHTS, CONFIG = "model.safetensors", "config.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model's files, not loaded yet."""

    name: str  # its id, or its folder's name
    weights: bytes
    config: ModelConfig
    num_frames: int  # of the clips that it was trained on

    def load(self) -> Model:
        """The model; a UserError when the weights are not of this configuration."""
        from safetensors import SafetensorError

        from train.determinism import deterministic_cpu
        from train.weights import load_model

        try:
            with deterministic_cpu():
                return load_model(self.weights, {"model": self.config.to_dict()})
        except (SafetensorError, RuntimeError, ValueError) as error:
            raise _no_checkpoint(self.name, f"{WEIGHTS}: {' '.join(str(error).split())[:160]}") from None


def open_checkpoint(wanted: str | None, layout: Layout, *, profile: str) -> Checkpoint:
    """The checkpoint in the folder `wanted`, or whose id begins so; None: the newest of the profile's."""
    if wanted is not None and (Path(wanted).expanduser().is_dir() or "/" in wanted):
        return _of_folder(Path(wanted).expanduser())
    rows = StageTable(layout.tables, "train").products().to_pylist()
    found = [row for row in rows if row["checkpoint_id"].startswith(wanted or "")]
    train = f"rigmill run all --profile {profile}, or --checkpoint with a folder that holds {WEIGHTS} and {CONFIG}"
    if not rows:
        raise UserError(
            "there is no checkpoint",
            code="E141",
            fix=train,
            why=f"no model was trained yet in {layout.root}, where profile '{profile}' keeps its own",
        )
    if wanted is not None and len(found) != 1:
        ids = ", ".join(sorted({row["checkpoint_id"] for row in found or rows})[:5])
        raise UserError(
            f"--checkpoint {wanted}: {len(found) or 'no'} checkpoints begin so",
            code="E141",
            why=f"there are {ids} in {layout.root}",
            fix="use one of them, or a folder",
        )
    files = [{file["name"]: StoredFile.from_row(file) for file in row["files"]} for row in found]
    paths = [{name: layout.store.path(file) for name, file in of_row.items()} for of_row in files]
    present = [(row, path) for row, path in zip(found, paths) if path[WEIGHTS].is_file() and path[CONFIG].is_file()]
    if not present:
        raise UserError(
            "the checkpoint's files are gone",
            why=f"they were in {layout.store.root}",
            code="E141",
            fix=f"rigmill verify --profile {profile}",
        )
    # Rows hold no times (tables repeat byte for byte); files have them.
    row, path = max(present, key=lambda pair: (pair[1][WEIGHTS].stat().st_mtime, pair[0]["checkpoint_id"]))
    return _read(str(row["checkpoint_id"]), path[WEIGHTS], path[CONFIG])


def _of_folder(folder: Path) -> Checkpoint:
    for name in (WEIGHTS, CONFIG):
        if not (folder / name).is_file():
            raise UserError(
                f"--checkpoint {folder}: no {name} there",
                code="E141",
                why="" if folder.is_dir() else "there is no such folder",
                fix=f"give a folder that holds {WEIGHTS} and {CONFIG}, or a checkpoint's id",
            )
    return _read(folder.name, folder / WEIGHTS, folder / CONFIG)


def _read(name: str, weights: Path, config: Path) -> Checkpoint:
    try:
        about: dict[str, Any] = json.loads(config.read_bytes())
        model = ModelConfig.from_dict(about["model"])
        return Checkpoint(name, weights.read_bytes(), model, int(about["settings"]["num_frames"]))
    except OSError as error:
        raise UserError(
            f"cannot read {error.filename}", why=error.strerror or "", fix="correct --checkpoint", code="E141"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_checkpoint(name, f"{CONFIG}: {type(error).__name__} {error}"[:160]) from None


def _no_checkpoint(name: str, why: str) -> UserError:
    return UserError(
        f"'{name}' is no checkpoint of this version of rigmill",
        why=why,
        code="E142",
        fix="train it again with this version, or give another --checkpoint",
    )
