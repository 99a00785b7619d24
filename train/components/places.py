"""Where the weights of a recipe lie: a folder per component, looked for in a fixed order. No torch, no network."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from rigmill.errors import UserError
from rigmill.storage.files import digest, sha256_bytes
from train.components.architecture import COMPONENTS, expected_of, why_not
from train.recipes import ModelConfig

VARIABLE = "RIGMILL_WEIGHTS"
_SIZES = {
    "transformer": "2.8 GB in bf16, 5.7 in fp32",
    "text_encoder": "11.4 GB in bf16, 22.7 in fp32",
    "vae": "0.25 GB in bf16, 0.5 in fp32",
    "tokenizer": "20 MB",
}
_EDGE_BYTES = 2**20  # of a file's beginning and end, which tell two trainings of one architecture apart


@dataclass(frozen=True, slots=True)
class Places:
    """A profile's `train.weights`: a root in diffusers' layout, and folders of single components that go before it."""

    root: str = ""
    own: Mapping[str, str] = field(default_factory=dict)  # by component; empty: below the root
    hub_id: str = "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"
    allow_download: bool = False

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> Places:
        """Of the section as JSON."""
        rest = {key: section[key] for key in ("root", "hub_id", "allow_download") if key in section}
        return cls(own={name: section[name] for name in COMPONENTS if section.get(name)}, **rest)

    def candidates(self, component: str) -> list[tuple[str, Path | None]]:
        """Every place where a component is looked for, in order: what says so, and the folder; None: it is not set."""
        variable = os.environ.get(VARIABLE, "")
        own = self.own.get(component, "")
        return [
            (f"train.weights.{component}", Path(own).expanduser() if own else None),
            ("train.weights.root", Path(self.root).expanduser() / component if self.root else None),
            (f"${VARIABLE}", Path(variable).expanduser() / component if variable else None),
        ]


def find(
    config: ModelConfig, places: Places, *, wanted: Mapping[str, str] | None = None, only: Collection[str] = COMPONENTS
) -> dict[str, Path]:
    """The folder of every component that the configuration reads from one, complete and of its architecture.

    `only`: of these components, where others are not used.
    `wanted`: fingerprints by component, where a checkpoint was trained on these very files. A UserError names all that
    is missing at once, with every place looked at and why it would not do.
    """
    expected = {name: numbers for name, numbers in expected_of(config).items() if name in only}
    found: dict[str, Path] = {}
    missing: dict[str, list[str]] = {}
    for component, numbers in expected.items():
        reasons = []
        for said_by, folder in places.candidates(component):
            reason = "not set" if folder is None else why_not(component, folder, numbers)
            if folder is not None and not reason and wanted and fingerprint(folder) != wanted[component]:
                reason = f"{folder}: other weights than the checkpoint or the plan was made with"
            if folder is not None and not reason:
                found[component] = folder
                break
            reasons.append(f"{said_by}: {reason}")
        else:
            missing[component] = reasons
    if missing:
        raise _missing(config.recipe, places, missing)
    return found


def fingerprints(folders: Mapping[str, Path]) -> dict[str, str]:
    """Of every component's files, by component."""
    return {component: fingerprint(folder) for component, folder in sorted(folders.items())}


def known_weights(config: ModelConfig, places: Places, *, only: Collection[str] = COMPONENTS) -> dict[str, str]:
    """Fingerprints of the weights under a configuration, by component; nothing where they are not all there."""
    try:
        return fingerprints(find(config, places, only=only))
    except UserError:
        return {}  # a run says so, before it plans


def fingerprint(folder: Path) -> str:
    """What a folder holds, without reading gigabytes: names, sizes, beginnings and ends of its files."""
    infos = sorted((path.name, path.stat()) for path in folder.iterdir() if path.is_file())
    return _fingerprint(folder, tuple((name, info.st_ino, info.st_size, info.st_mtime_ns) for name, info in infos))


@lru_cache(maxsize=64)
def _fingerprint(folder: Path, _looks: tuple[tuple[str, int, int, int], ...]) -> str:
    """Read once a process for files that look the same: a plan asks for it again and again."""
    parts = []
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(_EDGE_BYTES)
            stream.seek(max(0, size - _EDGE_BYTES))
            parts.append([path.name, size, sha256_bytes(start), sha256_bytes(stream.read())])
    return digest(parts)


def _missing(recipe: str, places: Places, missing: Mapping[str, list[str]]) -> UserError:
    # What is not set at all is said once, of what is set every reason counts.
    told = {
        component: [reason for reason in reasons if not reason.endswith(": not set")]
        for component, reasons in missing.items()
    }
    reasons = [f"{component}: {'; '.join(some)}" for component, some in told.items() if some]
    unset = [component for component, some in told.items() if not some]
    if unset:
        keys = f"train.weights.{unset[0] if len(unset) == 1 else 'COMPONENT'}, train.weights.root and ${VARIABLE}"
        reasons.append(f"{', '.join(unset)}: none of {keys} is set")
    return UserError(
        f"recipe {recipe} needs weights that are not here: "
        + ", ".join(f"{component} ({_SIZES[component]})" for component in missing),
        why="; ".join(reasons),
        fix="train.weights.root=DIR, fetched where there is a network by: "
        f"hf download {places.hub_id} --local-dir DIR; or train.weights.allow_download=true; "
        "train.recipe=tiny_joint needs none",
        code="E520",
    )


def fetch(config: ModelConfig, places: Places, *, only: Collection[str] = COMPONENTS) -> None:
    """Download what is missing into the root, where the profile allows that. Only a run calls this."""
    if not places.allow_download:
        return
    if not places.root:
        raise UserError(
            "train.weights.allow_download is true, and there is no folder for what it brings",
            fix="set train.weights.root",
            code="E520",
        )
    root = Path(places.root).expanduser()
    expected = [name for name in expected_of(config) if name in only]
    wanted = [name for name in expected if not (root / name).is_dir() and not places.own.get(name)]
    if wanted:
        from huggingface_hub import snapshot_download

        snapshot_download(places.hub_id, local_dir=root, allow_patterns=[f"{name}/*" for name in wanted])
