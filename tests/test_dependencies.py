"""What pyproject.toml declares is what the code imports, room by room."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

ROOMS = ("rigmill", "curate", "render", "caption", "shards", "train", "eval")
# Rooms that work with the packages of all rooms alone have no extra.
EXTRA = {
    "curate": "curate",
    "render": "blender",
    "caption": "caption",
    "shards": "shards",
    "train": "train",
    "eval": "eval",
}
# Modules that Blender's wheel brings without naming them as its own.
BLENDER = ("bpy", "bmesh", "bpy_extras", "io_scene_fbx", "mathutils")


@cache
def project() -> dict[str, Any]:
    values: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return values


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def declared(room: str) -> set[str]:
    """Distributions that installing rigmill for a room brings."""
    extras = project()["optional-dependencies"]
    return names(project()["dependencies"]) | names(extras[EXTRA[room]] if room in EXTRA else [])


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file imports anywhere in it, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def file_of(module: str) -> Path | None:
    """The file of one of our own modules."""
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def reached(room: str) -> Iterator[Path]:
    """The files of a room, and those of other rooms that they import, directly or not."""
    waiting, seen = list((ROOT / room).rglob("*.py")), set[Path]()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            yield path
            ours = (file_of(module) for module in imports(path) if module.split(".")[0] in ROOMS)
            waiting += [file for file in ours if file is not None]


def needed(room: str) -> dict[str, set[str]]:
    """Distributions that a room's code imports, with the files that do."""
    distributions = metadata.packages_distributions() | {name: ["bpy"] for name in BLENDER}
    found: dict[str, set[str]] = {}
    for path in reached(room):
        for module in {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names - {*ROOMS}:
            for distribution in distributions.get(module, [module]):
                found.setdefault(canonicalize_name(distribution), set()).add(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_declares_every_package_that_it_imports_or_reaches(room: str) -> None:
    missing = {name: sorted(files) for name, files in needed(room).items() if name not in declared(room)}
    assert not missing, f"declare in pyproject.toml for {room}: {missing}"


def test_the_walk_over_imports_sees_what_it_has_to() -> None:
    """Lazy imports and imports through other rooms count, or the test above would hold for nothing."""
    assert {"torch", "diffusers", "transformers", "safetensors"} <= needed("eval").keys()
    assert "numba" in needed("rigmill") and "bpy" in needed("render") and "torch" not in needed("shards")


def test_every_declared_package_has_its_exact_version_in_the_constraints() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = names([line for line in lines if line and not line.startswith("#")])
    extras = [text for requirements in project()["optional-dependencies"].values() for text in requirements]
    assert names([*project()["dependencies"], *extras]) <= pinned
