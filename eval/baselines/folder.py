"""A method's folder: a GLB a clip, and method.json, which says how each was made, so that nothing is made twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rigmill import __version__
from rigmill.storage.files import digest, sha256_bytes, write_atomic

METHOD_JSON = "method.json"
SCHEMA = 1


@dataclass
class MethodFolder:
    """`settings` are all that the files follow from, beside the bench; another value makes them again."""

    folder: Path
    name: str
    says: str  # one sentence: what the method is
    bench_digest: str
    settings: Mapping[str, Any]
    clips: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        path = self.folder / METHOD_JSON
        if path.is_file():
            earlier = json.loads(path.read_text("utf-8"))
            if earlier.get("key") == self.key:
                self.clips = earlier["clips"]

    @property
    def key(self) -> str:
        """Of everything that the files follow from."""
        return digest(SCHEMA, __version__, self.name, self.bench_digest, dict(self.settings))

    def is_made(self, clip_id: str) -> bool:
        """Whether an earlier call made this clip's file, and it is still that file."""
        made, path = self.clips.get(clip_id), self._path(clip_id)
        return made is not None and path.is_file() and sha256_bytes(path.read_bytes()) == made.get("sha256")

    def put(self, clip_id: str, data: bytes, about: Mapping[str, Any], *, wall_s: float) -> None:
        """Store a clip's file, and what is known of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self._path(clip_id), data)
        self._note(clip_id, {**about, "sha256": sha256_bytes(data), "wall_s": round(wall_s, 3)})

    def put_none(self, clip_id: str, why: str) -> None:
        """The method has nothing for this clip."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path(clip_id).unlink(missing_ok=True)
        self._note(clip_id, {"why": why})

    def _path(self, clip_id: str) -> Path:
        return self.folder / f"{clip_id}.glb"

    def _note(self, clip_id: str, about: dict[str, Any]) -> None:
        self.clips[clip_id] = about
        whole = {
            "schema": SCHEMA,
            "name": self.name,
            "says": self.says,
            "rigmill": __version__,
            "bench_digest": self.bench_digest,
            "key": self.key,
            "settings": dict(self.settings),
            "clips": dict(sorted(self.clips.items())),
        }
        write_atomic(self.folder / METHOD_JSON, (json.dumps(whole, indent=1) + "\n").encode())
