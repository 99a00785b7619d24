from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from caption.category import _SYNONYMS, CATEGORIES, category_of
from caption.stage import CaptionStage
from caption.words.metadata import MAX_CHARACTERS, caption
from rigmill.outcomes import Kept, Rejected
from rigmill.storage.columns import PRODUCTS


@pytest.mark.parametrize(
    ("title", "tags", "motion", "sentence"),
    [
        ("clay biped", ["biped"], "walk", "Clay biped: walk."),
        ("Grey_Knight", [], "CharacterArmature|Run_Fast", "Grey Knight: Run Fast."),
        ("", ["wolf", "animal"], "idle", "Wolf: idle."),
        ("Old lamp", [], "Scene", "Old lamp."),
        ("Old lamp", [], "Take 001", "Old lamp."),
        ("untitled", [], "JumpOver", "Jump Over."),
        ("walk", [], "Walk", "Walk."),
        ("fuchs 狐", [], "läuft", "Fuchs 狐: läuft."),
        ("<b>Robot</b> http://evil.example/x?y=1 www.ads.net", [], "<script>jump(1)</script>", "Robot: jump 1."),
        ("robot.glb", [], "mixamo.com", "Robot."),
        ('Knight: "the" {brave}\n\x1b[31m', [], "", "Knight the brave 31m."),
    ],
)
def test_captions_are_one_plain_sentence(title: str, tags: list[str], motion: str, sentence: str) -> None:
    assert caption(title, tags, motion) == sentence


@settings(max_examples=400, deadline=None)
@example("\u0301", [], "\u0300 -")  # accents without a letter
@example("\u1e9e" * 210, [], "\u0149")  # letters that grow when they become capitals
@given(st.text(max_size=400), st.lists(st.text(max_size=30), max_size=4), st.text(max_size=400))
def test_no_metadata_gets_markup_or_control_characters_into_a_caption(title: str, tags: list[str], motion: str) -> None:
    text = caption(title, tags, motion)
    assert len(text) <= MAX_CHARACTERS
    assert not set(text) & set('<>{}[]/\\"`|\n\r\t\0') and "://" not in text
    assert text == "" or (text.endswith(".") and any(letter.isalnum() for letter in text))


def test_a_long_title_is_cut_between_words() -> None:
    text = caption("word " * 100, [], "walk")
    assert len(text) <= MAX_CHARACTERS and text.endswith("word.")


def test_the_closed_list_is_that_of_the_paper_and_every_synonym_points_into_it() -> None:
    assert len(CATEGORIES) == len(set(CATEGORIES)) == 25
    assert set(_SYNONYMS) <= set(CATEGORIES)
    words = [word for line in _SYNONYMS.values() for word in line.split()]
    assert len(words) == len(set(words)), "a word that means two categories"


@pytest.mark.parametrize(
    ("tags", "title", "category"),
    [
        (["quadruped"], "", "animal"),
        (["cabinet", "articulated"], "", "furniture"),
        (["biped"], "", "character"),
        (["Mythical Creature"], "", "mythical creature"),
        ([], "Fire Dragon", "mythical creature"),
        (["cc0", "wooden chair"], "cat", "furniture"),
        (["xyz"], "", "miscellaneous"),
        ([], "", "miscellaneous"),
    ],
)
def test_categories_come_from_the_tags_then_the_title(tags: list[str], title: str, category: str) -> None:
    assert category_of(tags, title) == category


def test_every_rendered_clip_gets_a_caption_or_a_reason() -> None:
    class Tables:
        def products(self, stage: str) -> list[dict[str, object]]:
            assert stage == "render"
            shared = {"job_key": "k", "asset_id": "a", "engine": "cycles"}
            return [
                shared | {"clip_id": "one", "title": "fox", "tags": ["animal"], "motion_name": "run"},
                shared | {"clip_id": "two", "title": "", "tags": None, "motion_name": "Scene"},
            ]

    from types import SimpleNamespace

    stage = CaptionStage()
    profile = SimpleNamespace(caption=SimpleNamespace(provider="metadata"))
    jobs = stage.plan(Tables(), profile)  # type: ignore[arg-type]
    first, second = [answer.outcome for answer in stage.run(jobs, None)]  # type: ignore[arg-type]
    assert isinstance(first, Kept)
    assert first.rows[0]["caption"] == "Fox: run." and first.rows[0]["provider"] == "metadata"
    assert set(first.rows[0]) == set(PRODUCTS["caption"].names)
    assert isinstance(second, Rejected) and second.code == "empty_caption"
