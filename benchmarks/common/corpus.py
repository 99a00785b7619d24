"""The files that benchmarks draw: those of a corpus that the pipeline keeps as rigs with something to see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from curate.gate.canonical import canonical
from curate.gate.preflight import sniff
from curate.stages.probe import ProbeStage
from rigmill.blender.client import BlenderClient, Limits
from rigmill.blender.render_settings import RenderSettings
from rigmill.blender.requests import PROBE_ASSET, ClipItem
from rigmill.config.load import load
from rigmill.outcomes import Refusal
from rigmill.rigs.npz import motion_to_bytes
from rigmill.storage.files import digest
from rigmill.types import Motion

FPS, MAX_FRAMES = 16.0, 81
NOT_THE_CORPUS = frozenset({"corrupt", "derived"})  # files made to break things, and copies of others


@dataclass(frozen=True)
class Asset:
    """A canonical file with the motion that is drawn: its first take, or its rest pose if nothing in it moves."""

    name: str  # path in the corpus
    path: Path
    file_format: str
    found: dict[str, Any]  # what the probe says
    motion_path: Path | None  # one frame at rest, where the file has no take
    take: int = 0

    @property
    def key(self) -> str:
        return self.path.stem

    @property
    def is_textured(self) -> bool:
        """A picture gives a base colour, or there are at least two base colours (of materials or of vertices)."""
        return bool(self.found["texture_px"] > 0 or self.found["num_base_colours"] >= 2)

    @property
    def num_frames(self) -> int:
        """Of the clip: the take up to 81 frames at 16 a second."""
        return 1 if self.motion_path else min(MAX_FRAMES, int(self.found["motions"][self.take]["num_frames"]))

    def longest(self) -> Asset:
        """The same file with its longest take."""
        takes = self.found["motions"]
        return replace(self, take=max(range(len(takes)), key=lambda index: int(takes[index]["num_frames"])))

    def clip(self, render: dict[str, Any], *, num_frames: int = 0) -> ClipItem:
        """The clip's request; with `num_frames` so many from its start, at a rate that gives it 81 if it has fewer."""
        take = {} if self.motion_path else self.found["motions"][self.take]
        faster = (MAX_FRAMES - 1) / max(self.num_frames - 1, 1) if num_frames else 1.0
        return ClipItem(
            clip_id="clip",
            path=str(self.path),
            format=self.file_format,
            armature=self.found["armature"],
            action=take.get("action"),
            slot=take.get("slot"),
            start_frame=float(take.get("start_frame", 0.0)) * faster,
            num_frames=num_frames or self.num_frames,
            fps=FPS * faster,
            motion_path=str(self.motion_path) if self.motion_path else None,
            render=RenderSettings.from_json(render),
        )


def blender() -> BlenderClient:
    """The fork server of the pipeline, with the limits of the profile `paper` but for the network."""
    limits = load("paper").profile.limits
    allowed = {name: getattr(limits, name) for name in Limits.__slots__}
    return BlenderClient(Limits(**allowed | {"network": "best_effort"}))


def render_settings(profile: str = "paper", **changed: Any) -> dict[str, Any]:
    """The profile's render section with some values changed."""
    return dict(load(profile).profile.render.model_dump(mode="json")) | changed


def corpus_assets(corpus: Path, folder: Path) -> list[Asset]:
    """Every file of the corpus with a visible rig, by path; their canonical files and probes stay in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    client = blender()
    try:
        return list(_assets(corpus, folder, client))
    finally:
        client.close()


def _assets(corpus: Path, folder: Path, client: BlenderClient) -> Iterator[Asset]:
    seen: set[str] = set()
    for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.parent.name in NOT_THE_CORPUS or sniff(data) is None:
            continue
        try:
            data, file_format = canonical(data, sniff(data) or "")
        except Refusal:
            continue
        asset = asset_of(data, file_format, name=str(path.relative_to(corpus)), folder=folder, client=client)
        if asset is not None and asset.key not in seen:
            seen.add(asset.key)
            yield asset


def asset_of(data: bytes, file_format: str, *, name: str, folder: Path, client: BlenderClient) -> Asset | None:
    """The asset of a canonical file; None if the probe does not keep it as something that shows."""
    path = folder / f"{digest(data.hex())}.{file_format}"
    answer = path.with_suffix(f".probe{ProbeStage.version}.json")
    if not answer.exists():
        path.write_bytes(data)
        scratch = folder / f"{path.stem}.scratch"
        scratch.mkdir(exist_ok=True)
        item = {"path": str(path), "format": file_format, "fps": FPS, "rigid_rigs": True}
        (reply,) = client.run(PROBE_ASSET, [item], scratch=scratch)
        _remove(scratch)
        answer.write_text(json.dumps(reply.value))
    found = json.loads(answer.read_text())
    if found is None or found["kind"] not in ("animated", "static"):
        return None
    motion_path = None
    if not found["motions"]:
        motion_path = path.with_suffix(".rest.npz")
        num_joints = found["num_joints"]
        still = Motion(np.tile([1.0, 0, 0, 0], (1, num_joints, 1)), np.zeros((1, num_joints, 3)), FPS)
        motion_path.write_bytes(motion_to_bytes(still))
    return Asset(name, path, file_format, found, motion_path)


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
