"""Results as a file, and which results may stand in one table: everything that makes rows unlike is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.bench.clips import Bench, BenchClip, Group
from eval.compare.options import ScoreOptions
from eval.compare.results import ClipResult, MethodResult, read_result, write_result
from eval.compare.together import Together, about_of, unlike


def bench() -> Bench:
    clips = tuple(
        BenchClip(name, "asset", Group.OTHER, "toy", "s", "t", "p", 25, 16.0, 3, 1.0, "CC0-1.0", Path(name))
        for name in "abcde"
    )
    return Bench(Path("bench"), "demo", "digest", clips)


def together() -> Together:
    clips = tuple(
        ClipResult("m", clip, "other", "", None, "sha", 25, 16.0, None, {"ssim": 0.5, "cd_m": None}, {"cd_m": "why"})
        for clip in "abcde"
    )
    return Together(about_of(bench(), ScoreOptions()), (MethodResult("m", clips, says="it is", seconds_per_clip=2.0),))


def test_a_file_is_read_as_it_was_written() -> None:
    data = together().to_json()
    again = Together.from_json(data)
    assert again.to_json() == data and again.methods[0].clips == together().methods[0].clips
    assert again.methods[0].says == "it is" and again.methods[0].seconds_per_clip == 2.0
    assert unlike(together().about, again.about) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda about: about.update(rigmill="9.9"), ["rigmill: ", "there"]),
        (lambda about: about.update(scoring=99), ["scoring version: ", "99 there"]),
        (lambda about: about["settings"].update(protocol="animamimic"), ["protocol: animax here, animamimic there"]),
        (lambda about: about["settings"].update(size_px=512), ["size_px: ", "512 there"]),
        (lambda about: about["settings"].update(icp="none"), ["icp: anisotropic here, none there"]),
        (lambda about: about["settings"].pop("seed"), ["seed: 0 here, None there"]),
        (lambda about: about["bench"]["clips"].pop(1), ["clip list: b not there"]),
        (lambda about: about["bench"]["clips"][2].update(num_frames=24), ["frames of c: 25 here, 24 there"]),
        (lambda about: about["bench"]["clips"][0].update(fps=30.0), ["rate of a: 16 here, 30 there"]),
        (lambda about: about["bench"].update(digest="other"), ["files: digest digest here, other there"]),
        (lambda about: about["bench"]["clips"].clear(), ["clip list: a, b, c and 2 more not there"]),
    ],
)
def test_rows_that_are_unlike_are_named(change: Callable[[Any], Any], said: list[str]) -> None:
    ours = together().about
    theirs = copy.deepcopy(ours)
    change(theirs)
    (found,) = unlike(ours, theirs)
    assert all(words in found for words in said), found


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema": 2}', b'{"schema": 1, "settings": {}, "methods": 3}'])
def test_what_is_no_result_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        Together.from_json(data)


def test_an_earlier_score_counts_only_under_its_own_key(tmp_path: Path) -> None:
    result = ClipResult("m", "a", "other", "key", "a.glb", "sha", 3, 16.0, None, {"ssim": float("nan"), "psnr": 2.0})
    write_result(tmp_path, result, {"size_px": 64})
    found = read_result(tmp_path, "m", "a", "key")
    assert found is not None and found.scores == {"ssim": None, "psnr": 2.0}
    assert read_result(tmp_path, "m", "a", "another") is None and read_result(tmp_path, "m", "b", "key") is None
    (tmp_path / "clips" / "m" / "a.json").write_bytes(b"{cut off")
    assert read_result(tmp_path, "m", "a", "key") is None
