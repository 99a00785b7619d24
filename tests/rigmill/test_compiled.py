from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rigmill.compiled import _digest

SOURCE = """
from __future__ import annotations
from typing import Annotated, NamedTuple
import numpy as np
from rigmill.compiled import compiled, inlined

class PairTAG(NamedTuple):
    one: Annotated[np.ndarray, "float64[::1]"]
    other: Annotated[np.ndarray, "float64[::1]"]

class GroupTAG(NamedTuple):
    pair: PairTAG
    scale: float
    places: Annotated[np.ndarray, "int32[::1]"]

@inlined
def term(pair, place):
    return pair.one[place] * pair.other[place]

@compiled("float64(GroupTAG, int64)")
def dot(group, power):
    total = 0.0
    for place in group.places:
        total += term(group.pair, place) ** power
    return total * group.scale * FACTOR
"""


def loaded(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, *, tag: str, factor: float = 1.0) -> ModuleType:
    """The source as a module; classes that are compiled for have a name of their own in a process."""
    file = folder / f"{name}.py"
    file.write_text(SOURCE.replace("FACTOR", str(factor)).replace("TAG", tag))
    _digest.cache_clear()  # as in another process
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def group_of(module: ModuleType, tag: str, scale: float = 0.5) -> object:
    pair = getattr(module, f"Pair{tag}")(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    return getattr(module, f"Group{tag}")(pair, scale, np.array([0, 2], np.int32))


def test_named_tuples_stand_in_a_signature_by_their_names_and_hold_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = loaded(tmp_path, "grouped_once", monkeypatch, tag="One")
    assert module.dot(group_of(module, "One"), 2) == (4.0**2 + 18.0**2) / 2
    with pytest.raises(TypeError, match="No matching definition"):  # one signature: an int in a group is no float
        module.dot(group_of(module, "One", scale=1), 2)


def test_what_was_compiled_is_kept_until_the_source_changes_even_if_it_was_for_groups_that_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = loaded(tmp_path, "grouped_twice", monkeypatch, tag="Two")
    first = module.dot(group_of(module, "Two"), 1)
    (kept,) = (tmp_path / "__pycache__").glob("grouped_twice.dot-*.nbi")
    stamp = kept.stat().st_mtime_ns
    loaded(tmp_path, "grouped_twice", monkeypatch, tag="Two")
    assert kept.stat().st_mtime_ns == stamp  # read, not compiled again
    module = loaded(tmp_path, "grouped_twice", monkeypatch, tag="Three", factor=3.0)
    assert module.dot(group_of(module, "Three"), 1) == 3 * first
