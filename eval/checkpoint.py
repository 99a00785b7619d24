"""Checkpoints that a person names: a folder, an id in the profile's train table, or nothing: the profile's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rigmill.errors import UserError
from rigmill.storage.files import sha256_bytes
from rigmill.storage.layout import Layout
from rigmill.types import Row, StoredFile
from train.components.places import Places, find
from train.finished import CONFIG, SHIPPED, WEIGHTS
from train.recipes import ModelConfig

if TYPE_CHECKING:
    from rigmill.pipeline.view import View
    from train.weights import Model


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model's files, not loaded yet."""

    name: str  # its id, or its folder's name
    weights: bytes
    config: ModelConfig
    num_frames: int  # of the clips that it was trained on
    components: Mapping[str, str] = field(default_factory=dict)  # fingerprints of folders that it needs, by component
    places: Places = field(default_factory=Places)  # where these are looked for
    sampling: Mapping[str, Any] = field(default_factory=dict)  # steps and guidance that it was measured with
    shipped: bool = False  # it came with the package

    def load(self) -> Model:
        """The model; a UserError when the weights are not of this configuration, or what they stand on is not there."""
        from safetensors import SafetensorError

        from train.determinism import deterministic_cpu
        from train.weights import load_model

        folders = find(self.config, self.places, wanted=self.components or None)
        try:
            with deterministic_cpu():
                return load_model(self.weights, self.config, folders)
        except (SafetensorError, RuntimeError, ValueError) as error:
            raise _no_checkpoint(self.name, f"{WEIGHTS}: {' '.join(str(error).split())[:160]}") from None


def open_checkpoint(wanted: str | None, layout: Layout, views: Sequence[View], *, profile: str) -> Checkpoint:
    """The checkpoint in the folder `wanted`, or whose id begins so; None: the one that the profile's settings give,
    and where it has none at all the small one that comes with the package.

    `views` show the profile's tables, the first that has a checkpoint counts. Who names an id may mean a checkpoint of
    other settings, as long as the table still holds it.
    """
    places = Places.of(views[0].profile.train.weights.model_dump(mode="json"))
    if wanted is not None and (Path(wanted).expanduser().is_dir() or "/" in wanted):
        return replace(_of_folder(Path(wanted).expanduser()), places=places)
    stored: list[Row] = views[0].table("train").products().to_pylist()
    if not stored and wanted is None and (SHIPPED / WEIGHTS).is_file():
        return replace(_of_folder(SHIPPED), name="small", places=places, shipped=True)
    if not stored:
        raise UserError(
            "there is no checkpoint",
            why=f"no model was trained yet in {layout.root}, where profile '{profile}' keeps its own",
            fix=f"{{command}}, or --checkpoint with a folder that holds {WEIGHTS} and {CONFIG}",
            code="E141",
            command=("run", "all"),
        )
    if wanted is None:
        row = _planned(views, stored, profile=profile, root=layout.root)
    else:
        row = _named(wanted, stored, root=layout.root)
    files = {file["name"]: StoredFile.from_row(file) for file in row["files"]}
    weights, config = (layout.store.checked_path(files[name]) for name in (WEIGHTS, CONFIG))
    return replace(_read(str(row["checkpoint_id"]), weights, config), places=places)


def _planned(views: Sequence[View], stored: Sequence[Row], *, profile: str, root: Path) -> Row:
    """The checkpoint of the profile as it is now: that of its last stage. Of several the longest trained, then the last
    by id: no row has a time, and a file's would change with every copy.
    """
    for view in views:
        if rows := list(view.products("train")):
            return max(rows, key=lambda row: (row["depth"] or 0, row["num_steps"], row["checkpoint_id"]))
    raise UserError(
        f"there is no checkpoint of the settings that profile '{profile}' has now",
        why=f"those in {root} are of other settings or other clips: {_some_ids(stored)}",
        fix="{command}, or --checkpoint with one of these ids",
        code="E141",
        command=("run", "all"),
    )


def _named(wanted: str, stored: Sequence[Row], *, root: Path) -> Row:
    """The one checkpoint whose id begins so."""
    found = {row["checkpoint_id"]: row for row in stored if row["checkpoint_id"].startswith(wanted)}
    if len(found) != 1:
        raise UserError(
            f"--checkpoint {wanted}: {len(found) or 'no'} checkpoints begin so",
            why=f"there are {_some_ids(list(found.values()) or stored)} in {root}",
            fix="use one of them, or a folder",
            code="E141",
        )
    return next(iter(found.values()))


def _some_ids(rows: Sequence[Row]) -> str:
    return ", ".join(sorted({row["checkpoint_id"] for row in rows})[:5])


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
        data = weights.read_bytes()
        if sha256_bytes(data) != about.get("sha256", {}).get(WEIGHTS, sha256_bytes(data)):
            raise _no_checkpoint(name, f"{WEIGHTS} has changed since it was written: its digest is in {CONFIG}")
        return Checkpoint(
            name,
            data,
            model,
            int(about["settings"]["num_frames"]),
            about.get("weights") or {},
            sampling=about.get("sampling") or {},
        )
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
