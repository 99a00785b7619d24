"""The packages that this installation was made to need, by its own metadata, and which of them are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

DISTRIBUTION = "rigmill"
_FOR_DEVELOPERS = "dev"  # what changing rigmill takes, not running it


@dataclass(frozen=True, slots=True)
class Needed:
    """A package, and the extras of rigmill that ask for it; none: all of rigmill does."""

    name: str
    versions: SpecifierSet
    extras: tuple[str, ...] = ()

    @property
    def install(self) -> str:
        """The command that brings it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"pip install -e '.{extras}' -c constraints.txt"

    def missing(self) -> str:
        """What is wrong with it here; empty when it is there in a version that will do."""
        try:
            version = metadata.version(self.name)
        except metadata.PackageNotFoundError:
            return "not installed"
        return "" if self.versions.contains(version, prereleases=True) else f"{version}, and {self.versions} is needed"


def needed() -> list[Needed]:
    """What rigmill needs on this Python, then what its extras add to that, each package once.

    An extra's own bounds on what all of rigmill needs (Blender's on numpy) are left out: not every machine has it.
    Raises metadata.PackageNotFoundError where rigmill is not installed, only unpacked.
    """
    extras = metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    asked = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or []]
    everywhere = _merged((one, "") for one in asked if _applies(one, ""))
    of_extras = _merged(
        (one, extra)
        for extra in extras
        if extra != _FOR_DEVELOPERS
        for one in asked
        if _applies(one, extra) and not _applies(one, "") and canonicalize_name(one.name) not in everywhere
    )
    return [*everywhere.values(), *of_extras.values()]


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _merged(asked: Iterable[tuple[Requirement, str]]) -> dict[str, Needed]:
    """By canonical name: all bounds on a package together."""
    found: dict[str, Needed] = {}
    for one, extra in asked:
        name = canonicalize_name(one.name)
        before = found.get(name, Needed(one.name, SpecifierSet()))
        found[name] = Needed(
            before.name, before.versions & one.specifier, (*before.extras, extra) if extra else before.extras
        )
    return found
