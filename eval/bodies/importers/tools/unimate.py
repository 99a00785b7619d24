"""UniMate: `<asset>-<tag>-rep_<r>-<i>.glb`, an animated GLB a sample, beside motions as npy and a manifest.

The GLB is read, never the npy: there rotations are the parent's, relative to a pickled file, and the rate is not
stored. Its frame may be the canonical one (facing +Z, of size 2, on the ground): joints fit it to the asset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eval.bodies.importers.found import Asset, Result

_SAMPLE = re.compile(r"(?P<asset>.+?)(-(?P<tag>[^-]*))?-rep_\d+-\d+")


def results(folder: Path) -> Iterator[Result]:
    """Every sample, in the order of names: of several of one asset the first counts."""
    for path in sorted(folder.rglob("*.glb")):
        sample = _SAMPLE.fullmatch(path.stem)
        names = (path.stem, sample["asset"]) if sample else (path.stem,)
        yield Result(names, path, partial(_whole, path), is_elsewhere=True)


def _whole(path: Path, _asset: Asset) -> bytes:
    return path.read_bytes()
