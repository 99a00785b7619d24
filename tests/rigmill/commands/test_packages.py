"""`rigmill doctor` asks this installation's own metadata which packages it needs, and keeps no list beside it."""

from __future__ import annotations

from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rigmill.commands.doctor import Finding, _packages

INSTALLED = {"numpy": "1.26.4", "ray": "2.60.0", "torch": "2.13.0", "safetensors": "0.1"}


def packages() -> dict[str, Finding]:
    findings = _packages()
    assert len({finding.name for finding in findings}) == len(findings), "a package is looked at twice"
    return {finding.name.removeprefix("package "): finding for finding in findings}


def test_every_package_that_the_distribution_requires_is_looked_at() -> None:
    asked = [Requirement(text) for text in metadata.requires("rigmill") or []]
    wanted = {
        canonicalize_name(one.name)
        for one in asked
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("blender", "train", "eval"))
    }
    assert wanted <= {canonicalize_name(name) for name in packages()}


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with two extras and a developer's, of which a part is installed."""
    requires = [
        "numpy>=1.26",
        "Ray<2.61,>=2.57",
        "tomli>=2; python_version < '3.11'",
        "numpy<2; extra == 'draw'",
        "bpy==4.5.*; python_version >= '3.11' and extra == 'draw'",
        "torch>=2.11; extra == 'learn'",
        "torch>=2.12; extra == 'draw'",
        "safetensors>=0.8; extra == 'learn'",
        "pytest>=8; extra == 'dev'",
    ]
    about = metadata.metadata("rigmill")
    del about["Provides-Extra"]
    for extra in ("draw", "dev", "learn"):
        about["Provides-Extra"] = extra

    def version(name: str) -> str:
        if name.lower() not in INSTALLED:
            raise metadata.PackageNotFoundError(name)
        return INSTALLED[name.lower()]

    monkeypatch.setattr(metadata, "metadata", lambda name: about)
    monkeypatch.setattr(metadata, "requires", lambda name: requires)
    monkeypatch.setattr(metadata, "version", version)


def test_extras_and_markers_decide_what_is_needed_and_what_is_only_noted(toy: None) -> None:
    found = packages()
    assert list(found) == ["numpy", "Ray", "bpy", "torch", "safetensors"]
    assert [found[name].required for name in found if not found[name].ok] == [False, False]
    assert found["numpy"].ok and found["numpy"].detail == "1.26.4" and found["torch"].ok
    assert found["bpy"].detail == "not installed" and "-e '.[draw]'" in found["bpy"].fix


def test_a_package_in_a_version_that_will_not_do_is_named_with_the_one_that_will(
    toy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(INSTALLED, "ray", "2.40")
    monkeypatch.setitem(INSTALLED, "torch", "2.11")
    found = packages()
    assert found["safetensors"].detail == "0.1, and >=0.8 is needed" and not found["safetensors"].required
    assert not found["Ray"].ok and found["Ray"].required and "2.40" in found["Ray"].detail
    assert not found["torch"].ok and "-e '.[draw,learn]'" in found["torch"].fix


def test_a_checkout_that_was_never_installed_is_told_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "metadata", absent)
    (finding,) = _packages()
    assert not finding.ok and finding.required and finding.fix == "make setup"
