"""Mistakes in pipelines.yaml are answered with the file, the line and the nearest valid key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from rigmill.config.load import default_file, load
from rigmill.config.schema import Profile
from rigmill.config.sources import SOURCE_SECTIONS
from rigmill.errors import UserError

SHIPPED = default_file().resolve()


def message(file: Path, profile: str = "mine", *overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        load(profile, file=file, overrides=overrides)
    return " ".join(caught.value.render().split())


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy of the shipped file with room for one more profile at its end."""
    file = tmp_path / "pipelines.yaml"
    file.write_text(SHIPPED.read_text() + "\nmine:\n  inherits: demo\n  output: data/mine\n")
    return file


def add(file: Path, text: str) -> int:
    """Append lines to the profile; returns the number of the last one."""
    file.write_text(file.read_text() + text)
    return len(file.read_text().splitlines())


def test_shipped_profiles_are_valid_and_paper_differs_where_the_paper_does() -> None:
    demo, paper = load("demo").profile, load("paper").profile
    assert (paper.render.width_px, paper.render.height_px, paper.filters.max_frames) == (832, 480, 81)
    assert paper.train.mixture == {"mixamo": 0.25, "vroid": 0.25, "objaverse": 0.5}
    assert paper.render.azimuths_deg == demo.render.azimuths_deg == (0, 90, 180, 270)


def test_unknown_key_names_file_line_and_nearest_key(mine: Path) -> None:
    line = add(mine, "  render:\n    sampels: 4\n")
    text = message(mine)
    assert f"{mine}:{line}" in text and "'render.sampels'" in text and "did you mean 'samples'?" in text


def test_a_key_that_there_was_once_says_what_is_written_instead(mine: Path) -> None:
    line = add(mine, "  shards:\n    samples_per_shard: 256\n")
    text = " ".join(message(mine).split())
    assert f"{mine}:{line}" in text and "'shards.samples_per_shard'" in text and "write shard_mb, in megabytes" in text


def test_wrong_type_and_range_name_file_line_and_value(mine: Path) -> None:
    line = add(mine, "  render:\n    samples: many\n")
    assert f"{mine}:{line}" in message(mine) and "got 'many'" in message(mine)
    line = add(mine, "  shards:\n    bench_share: 1.5\n")
    assert f"{mine}:{line}" in message(mine) and "must be 1 or less, got 1.5" in message(mine)


def test_an_inherited_mistake_points_at_the_parents_line(mine: Path) -> None:
    line = add(mine, "  probe:\n    fps: -1\n")
    add(mine, "child:\n  inherits: mine\n")
    assert f"{mine}:{line}" in message(mine, "child")


def test_unknown_key_of_a_source_is_found(mine: Path) -> None:
    line = add(mine, "  sources:\n    - kind: folder\n      path: x\n      licens: MIT\n")
    text = message(mine)
    assert f"{mine}:{line}" in text and "did you mean 'licence'?" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("demo: [1", "not valid YAML"),
        ("- a\n- b\n", "holds no profiles"),
        ("a: 1\na: 2\n", "written twice"),
        ("demo:\n  inherits: demo\n", "inherits from itself"),
        ("demo: 3\n", "not a mapping"),
        ("demo: {a: 2020-99-99}\n", "not valid YAML"),
        ("demo: " + "[" * 5000, "not valid YAML"),
        ("1: {}\nb: {}\n", "no profile 'a'"),
    ],
)
def test_files_that_are_no_profiles_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(text)
    assert expected in message(file, "demo" if "demo" in text else "a")


def test_unknown_profile_names_the_nearest(mine: Path) -> None:
    assert "use --profile demo" in message(mine, "dmo")


def test_a_file_without_an_end_is_a_message() -> None:
    assert "over 1 MB" in message(Path("/dev/zero"))


def test_missing_file_is_a_message(tmp_path: Path) -> None:
    assert "cannot read" in message(tmp_path / "none.yaml")


def test_overrides_win_and_are_checked(mine: Path) -> None:
    assert load("mine", file=mine, overrides=("render.samples=9",)).profile.render.samples == 9
    assert "--set render.samples=0" in message(mine, "mine", "render.samples=0")
    assert "did you mean 'samples'?" in message(mine, "mine", "render.sample=2")
    assert "expected key=value" in message(mine, "mine", "render.samples")


def test_several_settings_may_stand_in_one_text(mine: Path) -> None:
    text = "render.samples=9 train.mixture={procedural: 0.5}  output=a folder/x"
    profile = load("mine", file=mine, overrides=(text,)).profile
    assert (profile.render.samples, profile.train.mixture, profile.output) == (9, {"procedural": 0.5}, "a folder/x")
    assert load("mine", file=mine, overrides=("output=a b=c",)).profile.output == "a b=c", "no key of a profile"


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("  train:\n    num_frames: 18\n", "train.num_frames", "4k+1, as video codecs pack frames: 17 or 21"),
        ("  filters:\n    max_frames: 9\n", "filters.max_frames", "must be 17 or more"),
        ("  filters:\n    min_frames: 25\n", "filters.max_frames", "must be 29 or more"),
        ("  train:\n    mixture: {procedral: 1.0}\n", "train.mixture.procedral", "are called world, procedural"),
        ("  retarget:\n    clips: {mixamo: 3}\n", "retarget.clips.mixamo", "sources are called world, procedural"),
    ],
)
def test_values_that_contradict_each_other_are_refused(mine: Path, text: str, key: str, allowed: str) -> None:
    line = add(mine, text)
    said = message(mine)
    assert f"'{key}'" in said and allowed in said and "fix:" in said
    if "min_frames" not in text:  # there the other key is named, where it is
        assert f"{mine}:{line}" in said
    setting = f"{key.rpartition('.')[0]}={{{text.split('{')[1].strip()}" if "{" in text else ""
    if setting:
        assert f"--set {setting}" in message(mine, "demo", setting)


def test_every_number_of_frames_that_is_named_as_allowed_is_allowed(mine: Path) -> None:
    for min_frames in range(1, 40):
        said = message(mine, "demo", f"filters.min_frames={min_frames}", "filters.max_frames=1")
        (least,) = re.findall(r"must be (\d+) or more", said)
        settings = f"filters.min_frames={min_frames}", f"filters.max_frames={least}"
        assert load("demo", file=mine, overrides=settings).profile.filters.max_frames == int(least)


WRONG = ["text", "-1", "1.5", "[a, b, c, d]", "[]", "{a: b}", "null", ".inf", "{kind: x}"]
PYDANTIC = re.compile(r"should|unable|input|valid (?!YAML|here)|instance|pydantic|parse", re.I)


def keys_of(section: type[BaseModel], path: str = "", *, seen: set[str]) -> list[str]:
    """Keys, one for each type of value with its limits."""
    keys = []
    for name, field in section.model_fields.items():
        kind = f"{field.annotation} {field.metadata}"
        keys += [] if kind in seen else [f"{path}{name}"]
        seen.add(kind)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += keys_of(field.annotation, f"{path}{name}.", seen=seen)
    return keys


def test_every_wrong_value_of_every_key_is_answered_in_our_words(mine: Path) -> None:
    add(mine, "  sources:\n" + "".join(f"    - kind: {kind}\n      name: {kind}\n" for kind in SOURCE_SECTIONS))
    seen: set[str] = set()
    keys = keys_of(Profile, seen=seen)
    for number, section in enumerate(SOURCE_SECTIONS.values()):
        keys += keys_of(section, f"sources.{number}.", seen=seen)
    num_refused = 0
    for key in keys:
        for value in WRONG:
            try:
                load("demo" if not key.startswith("sources.") else "mine", file=mine, overrides=(f"{key}={value}",))
            except UserError as error:
                num_refused += 1
                text = error.render()
                assert not PYDANTIC.search(text.replace(str(mine), "")), text
                assert len(text.splitlines()) <= 8 and "fix:" in text and ("--set" in text or str(mine) in text), text
    assert num_refused > 250


def test_digest_follows_values_not_spelling(mine: Path) -> None:
    before = load("mine", file=mine)
    add(mine, "  # a comment\n  probe: {fps: 16.0}\n")
    assert load("mine", file=mine).digest == before.digest
    assert load("mine", file=mine, overrides=("probe.fps=8",)).digest != before.digest


def test_yaml_tags_cannot_make_objects(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("demo: !!python/object/apply:os.system ['touch owned']\n")
    assert "not valid YAML" in message(file, "demo")
    assert not Path("owned").exists()
