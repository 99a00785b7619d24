"""Exported files of many rigs against Blender's importers, against the bytes that went in, and against a validator.

    RIGMILL_CORPUS=... python -m benchmarks.exporting [--json] [--node-modules FOLDER/node_modules] [FILE ...]

For every file a seeded motion (all joints turn, roots move) is put onto its rig and written as GLB, FBX and BVH.

- `glb_pct`, `fbx_pct`, `bvh_pct`: how far a joint is, at most, from where the motion has it when Blender's importer,
  with its defaults, reads the file again; per cent of the rig's or the mesh's height, whichever is more.
- `gltf_pct`: the same for the GLB as its numbers say, by glTF's own rules, without any importer.
- `kept`: whether the GLB's buffer begins with all of the source's, and its meshes, materials, skins, accessors, buffer
  views, pictures and textures are the source's. `from`: the file itself, its canonical copy, or Blender's export of it.
- `errors`: of the GLB by Khronos' glTF-Validator, and of those the ones that the source does not have (`new`);
  `canonical_new`: those that the canonical copy has and the file does not. The validator is a package of Node.js:
  `npm install --prefix FOLDER gltf-validator`.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.exporting.measures import measure
from rigmill.blender.client import BlenderClient, Limits
from rigmill.config.load import load

SUFFIXES = frozenset({".glb", ".gltf", ".vrm", ".fbx"})


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """How many rigs there were, and for how many of them what holds."""
    rigs = [row for row in rows.values() if "refused" not in row]
    found: dict[str, Any] = {
        "files": len(rows),
        "rigs": len(rigs),
        "kept": sum(row.get("kept", False) for row in rigs),
        "from": Counter(row["from"] for row in rigs),
    }
    for name in ("glb_pct", "gltf_pct", "fbx_pct", "bvh_pct"):
        known = [row[name] for row in rigs if row.get(name) is not None]
        found[name] = {
            "found": len(known),
            "within_0.01": sum(value <= 0.01 for value in known),
            "median": float(np.median(known)) if known else None,
            "worst": max(known, default=None),
        }
    checked = [row for row in rigs if "errors" in row]
    if checked:
        found["validated"] = {
            "files": len(checked),
            "without_errors": sum(not row["errors"] for row in checked),
            "with_new_errors": sum(bool(row["new"] or row["canonical_new"]) for row in checked),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--node-modules", type=Path)
    parsed = parser.parse_args()
    root = Path(os.environ.get("RIGMILL_CORPUS", "."))
    paths = parsed.files or sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    client = BlenderClient(Limits(**load("demo").profile.limits.model_dump()))
    rows = {}
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(path, client, Path(folder), parsed.node_modules)
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        rows[name] = row
        if not parsed.json:
            print(name, json.dumps(row), flush=True)
    client.close()
    print(json.dumps({"summary": summary(rows)} | ({"rows": rows} if parsed.json else {}), indent=1))


if __name__ == "__main__":
    main()
