"""Groups of columns name what the tables have."""

from __future__ import annotations

from rigmill.storage import columns
from rigmill.storage.columns import PRODUCTS


def test_every_group_names_columns_of_the_tables_it_is_cut_from() -> None:
    in_tables = {
        "collect": columns.ASSET,
        "probe": (*columns.ASSET, *columns.FOUND),
        "retarget": (*columns.CHARACTER, *columns.MOTION, *columns.TERMS),
        "preview": (*columns.CLIP, *columns.PLAYED),
        "select": (*columns.CLIP, *columns.PLAYED),
        "render": columns.CLIP,
        "category": columns.CATEGORY,
        "caption": columns.CAPTION,
        "shards": (*columns.CLIP, *columns.CAPTION, *columns.CATEGORY, *columns.SAMPLE),
        "eval": columns.SCORES,
    }
    for stage, names in in_tables.items():
        assert set(names) <= set(PRODUCTS[stage].names), stage


def test_a_clip_is_its_id_its_character_and_its_motion() -> None:
    character = tuple(name for name in columns.CHARACTER if name not in columns.PLAYED)
    assert sorted(("clip_id", *character, *columns.MOTION)) == sorted(columns.CLIP)
