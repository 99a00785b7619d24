"""Mistakes in pipelines.yaml are answered with the file, the line and the nearest valid key."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigmill.config.load import default_file, load
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


def test_wrong_type_and_range_name_file_line_and_value(mine: Path) -> None:
    line = add(mine, "  render:\n    samples: many\n")
    assert f"{mine}:{line}" in message(mine) and "got 'many'" in message(mine)
    line = add(mine, "  shards:\n    bench_share: 1.5\n")
    assert f"{mine}:{line}" in message(mine) and "less than or equal to 1" in message(mine)


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
    ],
)
def test_files_that_are_no_profiles_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(text)
    assert expected in message(file, "demo" if "demo" in text else "a")


def test_unknown_profile_names_the_nearest(mine: Path) -> None:
    assert "use --profile demo" in message(mine, "dmo")


def test_missing_file_is_a_message(tmp_path: Path) -> None:
    assert "cannot read" in message(tmp_path / "none.yaml")


def test_overrides_win_and_are_checked(mine: Path) -> None:
    assert load("mine", file=mine, overrides=("render.samples=9",)).profile.render.samples == 9
    assert "--set render.samples=0" in message(mine, "mine", "render.samples=0")
    assert "did you mean 'samples'?" in message(mine, "mine", "render.sample=2")
    assert "expected key=value" in message(mine, "mine", "render.samples")


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
