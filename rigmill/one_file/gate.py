"""A file that a person named: through the gate, and in front of a Blender child, with messages for that person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rigmill.blender.client import BlenderClient, Reply
from rigmill.errors import UserError
from rigmill.outcomes import REJECT_MEANING, Failed, FailKind, Refusal, Reject, Rejected
from rigmill.pipeline.registry import CANONICAL_FILE, by_name
from rigmill.storage.files import sha256_file

_FIXES = {
    Reject.UNKNOWN_TYPE: "give a .glb, .gltf, .vrm or .fbx; Blender exports other formats as .glb",
    Reject.REFUSED_TYPE: "unpack it, or export it from its own program as .glb",
    Reject.EXTERNAL_REFERENCE: "put the files that it names beside it, or export it as .glb, in one file",
    Reject.TOO_LARGE: "--set collect.max_file_bytes=...",
    Reject.NO_RIG: "bind a mesh to a skeleton (Blender: select both, Ctrl+P, Armature Deform With Automatic Weights; "
    "or an automatic rigger, such as UniRig, or Mixamo's for people), or animate its nodes",
    Reject.EMPTY_PICTURE: "--set render.min_coverage=0, if it is meant to be so small",
    Reject.OUT_OF_FRAME: "--set render.margin=0.2",
    Reject.ROUND_TRIP: "a larger --size, or --set render.joint_radius_px=...",
    Reject.FEW_USABLE: "joints beside the body, or --set render.min_usable_share=0",
    Reject.BLACK_PICTURE: "another --engine; if it stays black, its materials are",
}
_FAIL_FIXES = {
    FailKind.TIMEOUT: "fewer --frames or --samples, or --set limits.wall_s=... --set limits.cpu_s=...",
    FailKind.MEMORY: "--set limits.memory_bytes=..., or a smaller file",
    FailKind.INTERRUPTED: "run the same command again",
    FailKind.CRASH: "another --engine; what works here: {command}",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that passed the gate."""

    path: Path
    original: bytes  # of a .gltf, one GLB with the files beside it
    canonical: bytes  # what Blender may see
    format: str  # of the canonical file
    sha256: str  # of the file as it lies there

    def put(self, scratch: Path) -> Path:
        """Write the canonical file into `scratch`; returns where it lies."""
        asset = scratch / f"asset.{self.format}"
        asset.write_bytes(self.canonical)
        return asset


def open_asset(path: Path, max_file_bytes: int) -> Opened:
    """The file, checked; a UserError says what is wrong with it."""
    if not path.exists():
        raise UserError(
            f"no such file: {path}", why=f"looked for it from {Path.cwd()}", fix="correct the path", code="E130"
        )
    if not path.is_file():
        raise UserError(
            f"{path} is not a file",
            fix="give one file; folders are a source of a profile (docs/how-to/bring-your-own-files.md)",
            code="E130",
        )
    try:
        # A person may name a link; what it leads to is opened.
        canonical, file_format, original = by_name(CANONICAL_FILE)(path.resolve(), max_file_bytes)
        return Opened(path, bytes(original), bytes(canonical), str(file_format), sha256_file(path))
    except Refusal as refusal:
        raise _refused(path, refusal.to_rejected(), code="E131") from None
    except OSError as error:
        raise UserError(
            f"cannot read {path}", why=error.strerror or str(error), fix="correct the path", code="E130"
        ) from None


@dataclass(frozen=True, slots=True)
class Ask:
    """Asks a Blender child about one file."""

    client: BlenderClient
    path: Path  # as the person named it
    scratch: Path

    def __call__(
        self, function: str, item: dict[str, Any], *, on_progress: Callable[[int, int], None] | None = None
    ) -> dict[str, Any]:
        """The answer; a UserError says why there is none. `on_progress` hears how many of how many steps are done."""

        def heard(_index: int, done: int, total: int) -> None:
            if on_progress is not None:
                on_progress(done, total)

        (reply,) = self.client.run(function, [item], scratch=self.scratch, on_progress=heard)
        if reply.value is None:
            raise _unanswered(self.path, reply)
        return reply.value


def _unanswered(path: Path, reply: Reply) -> UserError:
    outcome = reply.outcome
    if isinstance(outcome, Rejected):
        return _refused(path, outcome, code="E135")
    assert isinstance(outcome, Failed)
    return UserError(
        f"{path.name}: {outcome.message}",
        why=f"{outcome.kind}: {outcome.error_type}",
        code="E136",
        fix=_FAIL_FIXES.get(outcome.kind, "{command}"),
        command=("doctor",),
    )


def _refused(path: Path, rejected: Rejected, *, code: str) -> UserError:
    numbers = "" if rejected.measured is None else f" (measured {rejected.measured:g}, limit {rejected.limit or 0:g})"
    return UserError(
        f"{path.name}: {rejected.message}{numbers}",
        why=f"{rejected.code}: {REJECT_MEANING[rejected.code]}",
        code=code,
        fix=_FIXES.get(rejected.code, "repair the file, or export it again as .glb"),
    )
