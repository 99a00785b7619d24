"""Draws of cached latents are what was written, to the bit; what does not fit is refused by name."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset

from rigmill.errors import Damaged, UserError
from rigmill.storage.files import Store
from rigmill.types import StoredFile
from shards.loader.choices import Chances
from shards.loader.latents import cached as cached_module
from shards.loader.latents.cached import CachedLatents, LatentDraw
from shards.loader.latents.encoding import Encoding
from shards.loader.latents.file import SampleLatents
from tests.support.latents import ENCODING, made_latents, stored_row, table_of

LENGTHS = {"clip0": 12, "clip1": 9, "clip2": 30}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("latents"))


@pytest.fixture(scope="module")
def made() -> dict[str, SampleLatents]:
    return {
        name: made_latents(clip, clip_frames=frames, encoding=ENCODING)
        for clip, (name, frames) in enumerate(LENGTHS.items())
    }


@pytest.fixture(scope="module")
def rows(store: Store, made: dict[str, SampleLatents]) -> list[dict[str, Any]]:
    return [stored_row(store, name, one, clip_frames=LENGTHS[name], encoding=ENCODING) for name, one in made.items()]


def opened(rows: list[dict[str, Any]], store: Store, **how: Any) -> CachedLatents:
    clips = {row["clip_id"]: row["sample_sha256"] for row in rows}
    return CachedLatents.of_rows(table_of(rows), store, **{"wanted": ENCODING, "clips": clips} | how)


DRAWS = [
    LatentDraw("clip2", window=1, num_frames=9, views=(0, 3), condition=2, sentence=2),
    LatentDraw("clip0", window=2, num_frames=9, views=(1, 2), condition=None, sentence=None),
    LatentDraw("clip1", window=0, num_frames=9, views=(3, 0), condition=0, sentence=1),
    LatentDraw("clip2", window=0, num_frames=9, views=(2, 1), condition=1, sentence=0),
]


@pytest.mark.parametrize("num_frames", [9, 5, 1])
def test_a_batch_is_what_was_written(
    rows: list[dict[str, Any]], store: Store, made: dict[str, SampleLatents], num_frames: int
) -> None:
    draws = [replace(draw, num_frames=num_frames) for draw in DRAWS]
    batch = opened(rows, store).read(draws)
    for modality, found in (("rgb", batch.rgb), ("pose", batch.pose)):
        assert found.video.shape == (4, 2, 4, 1 + (num_frames - 1) // 4, 2, 3) and found.video.dtype == np.float16
        for place, draw in enumerate(draws):
            arrays = made[draw.clip_id].arrays
            for at, view in enumerate(draw.views):
                window = arrays[modality][draw.window, view]
                np.testing.assert_array_equal(found.video[place, at], window[:, : found.video.shape[3]])
                if draw.condition is None:
                    wanted = arrays[f"{modality}_template"][view]
                elif draw.condition == 0:
                    wanted = window[:, :1]
                else:
                    wanted = arrays[f"{modality}_conditions"][draw.window, draw.condition - 1, view]
                np.testing.assert_array_equal(found.condition[place, at], wanted)
    for draw, text, cameras in zip(draws, batch.text, batch.cameras):
        own = made[draw.clip_id]
        np.testing.assert_array_equal(text, own.captions[3 if draw.sentence is None else draw.sentence])
        for view, camera in zip(draw.views, cameras):
            np.testing.assert_array_equal(camera.intrinsics, own.cameras[view].intrinsics)
            np.testing.assert_array_equal(camera.world_to_view, own.cameras[view].world_to_view)
    assert batch.clip_ids == ("clip2", "clip0", "clip1", "clip2")


def test_float32_is_kept_as_it_is(store: Store) -> None:
    encoding = replace(ENCODING, dtype="float32")
    made = made_latents(5, clip_frames=9, encoding=encoding)
    row = stored_row(store, "exact", made, clip_frames=9, encoding=encoding)
    batch = opened([row], store, wanted=encoding).read([LatentDraw("exact", 0, 9, (1,), None, 0)])
    assert batch.rgb.video.dtype == np.float32
    np.testing.assert_array_equal(batch.rgb.video[0, 0], made.arrays["rgb"][0, 1])


def test_what_is_not_there_is_not_read(rows: list[dict[str, Any]], store: Store) -> None:
    latents = opened(rows, store)
    for wrong in (
        {"window": 3},
        {"num_frames": 13},
        {"num_frames": 4},
        {"num_frames": 0},
        {"views": (4, 0)},
        {"condition": 3},
        {"sentence": 3},
    ):
        with pytest.raises((ValueError, IndexError)):
            latents.read([replace(DRAWS[0], **wrong)])
    with pytest.raises(ValueError, match="make no one batch"):
        latents.read([DRAWS[0], replace(DRAWS[1], num_frames=5)])


def test_memory_of_a_batch_is_never_given_out_while_somebody_has_it(rows: list[dict[str, Any]], store: Store) -> None:
    latents = opened(rows, store)
    first = latents.read(DRAWS)
    kept = first.rgb.video.copy(), first.pose.condition.copy()
    for _ in range(3):
        latents.read([replace(draw, views=draw.views[::-1]) for draw in DRAWS])
    np.testing.assert_array_equal(first.rgb.video, kept[0])
    np.testing.assert_array_equal(first.pose.condition, kept[1])


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_another_process_reads_the_same_and_few_files_are_open(
    rows: list[dict[str, Any]], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_module, "_OPEN_FILES", 1)
    latents = opened(rows, store)
    before = open_files()
    first = latents.read(DRAWS)
    assert open_files() <= before + 1
    again = ForkingPickler.loads(ForkingPickler.dumps(latents)).read(DRAWS)
    np.testing.assert_array_equal(first.rgb.video, again.rgb.video)


def test_any_draw_falls_on_a_cached_one(rows: list[dict[str, Any]], store: Store) -> None:
    latents, chances = opened(rows, store), Chances(3, 9, 1, 2, 0.2)
    windows = set()
    for step in range(200):
        seen = chances.seen(step=step, place=0, clip_frames=30, clip_views=4)
        draw = latents.choose("clip2", seen, clip_frames=30, num_frames=9, sentence=0)
        assert draw.views == seen.views and (draw.condition is None) == seen.from_template
        windows.add(draw.window)
        latents.read([draw])
    assert windows == {0, 1, 2}


def changed_content(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"clips": {row["clip_id"]: "0" * 64 for row in rows}}


def but(**changes: Any) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    return lambda _: {"wanted": replace(ENCODING, **changes)}


STALE: dict[str, tuple[Callable[[list[dict[str, Any]]], dict[str, Any]], str]] = {
    "content": (changed_content, "the clip's sample has changed since; so are those of 3 of 3"),
    "codec": (
        lambda _: {"wanted": replace(ENCODING, codec="d1")},
        "the video codec (c0dec in the cache, d1 asked for)",
    ),
    "text": (but(text="t1"), "the text encoder (7ext in the cache, t1 asked for)"),
    "size": (but(size_px=64), "the pictures' size (32 in the cache, 64 asked for)"),
    "frames": (but(frame_counts=(17,)), "numbers of frames (5, 9 in the cache, 17"),
    "code": (
        lambda _: {"wanted": replace(ENCODING, version=2)},
        "the version of the code (1 in the cache, 2 asked for)",
    ),
}


@pytest.mark.parametrize("case", STALE)
def test_a_stale_cache_is_refused_by_name(rows: list[dict[str, Any]], store: Store, case: str) -> None:
    make, why = STALE[case]
    with pytest.raises(UserError) as caught:
        opened(rows, store, **make(rows))
    error = caught.value
    assert error.what == "the cached latents of clip clip0 do not fit: clip0.tar"
    assert why in error.why and (error.command, error.fix, error.code) == (("run", "latents"), "{command}", "E525")


def test_one_stale_clip_among_others_is_the_one_that_is_named(
    rows: list[dict[str, Any]], store: Store, made: dict[str, SampleLatents]
) -> None:
    clips = {row["clip_id"]: row["sample_sha256"] for row in rows} | {"clip1": "0" * 64}
    with pytest.raises(UserError, match="clip clip1 do not fit") as caught:
        opened(rows, store, clips=clips)
    assert "1 of 3" in caught.value.why
    old: Encoding = replace(ENCODING, codec="old")
    other = stored_row(store, "clip2", made["clip2"], clip_frames=30, encoding=old)
    with pytest.raises(UserError, match="clip clip2 do not fit") as caught:
        opened([*rows[:2], other], store)
    assert "the video codec (old in the cache, c0dec asked for)" in caught.value.why


def test_a_clip_without_latents_is_named(rows: list[dict[str, Any]], store: Store) -> None:
    clips = {row["clip_id"]: row["sample_sha256"] for row in rows} | {"clip9": "0" * 64}
    with pytest.raises(UserError, match="clip clip9 has no cached latents") as caught:
        opened(rows, store, clips=clips)
    assert caught.value.why.startswith("of 4 clips 1 have none") and caught.value.command == ("run", "latents")
    with pytest.raises(UserError, match="clip clip9 has no cached latents"):
        opened(rows, store).read([replace(DRAWS[0], clip_id="clip9")])


def own_copy(rows: list[dict[str, Any]], store: Store, folder: Path) -> tuple[Store, Path]:
    """A store with all files, and where clip2's lies."""
    kept = Store(folder)
    for row in rows:
        stored = StoredFile.from_row(row["file"])
        kept.put_bytes(stored.name, store.read(stored))
    return kept, kept.path(StoredFile.from_row(rows[2]["file"]))


def test_a_flipped_byte_anywhere_is_found_where_digests_are_checked(
    rows: list[dict[str, Any]], store: Store, tmp_path: Path
) -> None:
    kept, path = own_copy(rows, store, tmp_path)
    whole = path.read_bytes()
    for at in np.random.default_rng(0).integers(len(whole), size=25):
        damaged = bytearray(whole)
        damaged[at] ^= 4
        path.unlink()  # another file: what was seen of the one before is forgotten
        path.write_bytes(damaged)
        with pytest.raises(Damaged, match="the stored clip2.tar has changed"):
            opened(rows, kept, check_digests=True).read(DRAWS)


@pytest.mark.parametrize("case", ["gone", "cut", "empty", "no header", "another"])
def test_a_damaged_file_is_named_without_digests(
    rows: list[dict[str, Any]], store: Store, tmp_path: Path, case: str
) -> None:
    kept, path = own_copy(rows, store, tmp_path)
    whole = path.read_bytes()
    path.unlink()
    if case == "another":
        other = StoredFile.from_row(rows[0]["file"])
        rows = [*rows[:2], {**rows[2], "file": {**other.to_row(), "name": "clip2.tar"}}]
    elif case != "gone":
        path.write_bytes({"cut": whole[:-600], "empty": b"", "no header": b"x" * len(whole)}[case])
    with pytest.raises(Damaged) as caught:
        opened(rows, kept).read(DRAWS)
    assert "clip2" in caught.value.what or "no header" in caught.value.what


def test_other_tools_read_the_files_as_tars_of_numbers(
    rows: list[dict[str, Any]], store: Store, made: dict[str, SampleLatents], tmp_path: Path
) -> None:
    path = store.path(StoredFile.from_row(rows[0]["file"]))
    with tarfile.open(path) as archive:
        assert [name.split(".", 1)[0] for name in archive.getnames()] == ["clip0"] * 8
    (sample,) = list(webdataset.WebDataset(str(path), shardshuffle=False).decode())
    assert sample["__key__"] == "clip0"
    np.testing.assert_array_equal(sample["pose.npy"], made["clip0"].arrays["pose"])
    assert sample["latents.json"]["windows"]["starts"] == [0, 1, 3]


def test_the_same_latents_give_the_same_bytes(store: Store, rows: list[dict[str, Any]]) -> None:
    again = made_latents(0, clip_frames=12, encoding=ENCODING)
    assert stored_row(store, "clip0", again, clip_frames=12, encoding=ENCODING) == rows[0]
