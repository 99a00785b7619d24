"""pipelines.yaml -> one validated profile, with messages that name the file, the line and the nearest valid key."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from rigmill.config.schema import Profile
from rigmill.config.sources import SOURCE_SECTIONS
from rigmill.config.wording import RENAMED, contradictions, what_is_allowed
from rigmill.errors import UserError
from rigmill.invocation import Invocation, typed_program
from rigmill.storage.files import canonical_json, digest

MAX_YAML_BYTES = 1_000_000
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A profile ready to run, where it came from, and the digest of all its values."""

    name: str
    profile: Profile
    source: Path
    invocation: Invocation  # what a person typed to get it

    @property
    def digest(self) -> str:
        return digest(self.name, self.profile.model_dump(mode="json"))

    def to_json(self) -> str:
        values = self.profile.model_dump(mode="json")
        return canonical_json({"name": self.name, "digest": self.digest, "profile": values})

    def file_bytes(self) -> bytes:
        """profile.json of an output folder."""
        return (self.to_json() + "\n").encode()


def default_file() -> Path:
    """./pipelines.yaml where there is one, else the file that ships with the package."""
    here = Path("pipelines.yaml")
    package = Path(__file__).resolve().parents[1]
    for candidate in (here, package.parent / "pipelines.yaml", package / "pipelines.yaml"):
        if candidate.is_file():
            return candidate
    raise UserError("pipelines.yaml not found", fix="run inside a clone, or pass --config FILE", code="E100")


def load(name: str, *, file: Path | None = None, overrides: tuple[str, ...] = ()) -> Resolved:
    """The profile `name`, with inheritance and `a.b=value` overrides applied, validated."""
    source = file or default_file()
    document = _Document(source)
    values = _inherit(document, name, ())
    lines = {path: line for path, line in document.lines_of(name)}
    settings = tuple(setting for override in overrides for setting in split_settings(override))
    for setting in settings:
        _apply_override(values, setting)
    places = _Places(document, name, lines, settings)
    try:
        profile = Profile.model_validate(values)
    except ValidationError as error:
        raise _explain(error, places) from None
    wrong = [f"{places.of(path)}: '{'.'.join(map(str, path))}': {why}" for path, why in contradictions(profile)]
    if wrong:
        raise _wrong_values(wrong)
    said = Invocation(name, None if file is None else str(file), overrides, typed_program())
    return Resolved(name=name, profile=profile, source=source, invocation=said)


class _Document:
    """The YAML file with the line of every key."""

    def __init__(self, source: Path) -> None:
        self.source = source
        try:
            with source.open("rb") as stream:  # which may be a pipe, or a device without an end
                data = stream.read(MAX_YAML_BYTES + 1)
            if len(data) > MAX_YAML_BYTES:
                raise UserError(f"{source} is over 1 MB: not a profile file", fix="pass --config FILE", code="E101")
            loader = yaml.SafeLoader(data.decode())
            self.root = loader.get_single_node()
            self.values: Any = loader.construct_document(self.root) if self.root is not None else None
        except OSError as error:
            raise UserError(
                f"cannot read {source}", why=error.strerror or str(error), fix="pass --config FILE", code="E100"
            ) from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:  # no such date, bytes that are no text
            raise UserError(
                f"{source} is not valid YAML",
                why=" ".join(str(error).split()),
                fix="correct the line named above",
                code="E101",
            ) from None
        if not isinstance(self.root, yaml.MappingNode) or not isinstance(self.values, dict):
            raise UserError(f"{source} holds no profiles", fix="start it with a profile name and a colon", code="E101")
        self._lines: dict[KeyPath, int] = {}
        self._walk(self.root, ())

    def _walk(self, node: yaml.Node, path: KeyPath) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here = (*path, key.value)
                line = key.start_mark.line + 1
                if here in self._lines:
                    dotted = ".".join(map(str, here))
                    raise UserError(
                        f"{self.source}:{line}: key '{dotted}' is written twice",
                        why=f"the first is on line {self._lines[here]}",
                        fix="remove one",
                        code="E101",
                    )
                self._lines[here] = line
                self._walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._lines[(*path, index)] = value.start_mark.line + 1
                self._walk(value, (*path, index))

    def lines_of(self, name: str) -> list[tuple[KeyPath, int]]:
        """(key path, line) of everything the profile gets, its own lines before inherited ones."""
        merged: dict[KeyPath, int] = {}
        current: str | None = name
        while isinstance(current, str) and current in self.values:
            for path, line in self._lines.items():
                if path[0] == current:
                    merged.setdefault(path[1:], line)
            current = (self.values[current] or {}).get("inherits")
        return list(merged.items())

    def line(self, *path: str | int) -> int:
        return self._lines.get(path, 1)


def _inherit(document: _Document, name: str, seen: tuple[str, ...]) -> dict[str, Any]:
    if name not in document.values:
        known = sorted(map(str, document.values))
        raise UserError(
            f"no profile '{name}' in {document.source}",
            why=f"it has: {', '.join(known)}",
            fix=_nearest(name, known, "use --profile {}") or "use one of these",
            code="E102",
        )
    if name in seen:
        raise UserError(
            f"{document.source}:{document.line(name, 'inherits')}: profile '{name}' inherits from itself",
            fix="break the circle " + " -> ".join((*seen, name)),
            code="E102",
        )
    own = document.values[name]
    if not isinstance(own, dict):
        raise UserError(
            f"{document.source}:{document.line(name)}: profile '{name}' is not a mapping of keys",
            fix="write keys below it, two spaces in",
            code="E101",
        )
    own = dict(own)
    parent = own.pop("inherits", None)
    if parent is None:
        return own
    return _merge(_inherit(document, str(parent), (*seen, name)), own, REPLACED)


# Free-form mappings are replaced as a whole: weights of a parent's sources would otherwise linger.
REPLACED: set[KeyPath] = {("train", "mixture"), ("retarget", "clips")}


def _merge(base: dict[str, Any], change: dict[str, Any], replaced: set[KeyPath], path: KeyPath = ()) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(merged.get(key), dict) and here not in replaced:
            merged[key] = _merge(merged[key], value, replaced, here)
        else:
            merged[key] = value
    return merged


# Where a further setting begins inside one text: a key of a profile and its equals sign, after a blank.
_NEXT_SETTING = re.compile(rf"\s+(?=(?:{'|'.join(Profile.model_fields)})(?:\.\w+)*\s*=)")


def split_settings(text: str) -> list[str]:
    """The settings of one --set, which may be several: `a.b=1 train.mixture={x: 0.5, y: 0.5}` are two."""
    return _NEXT_SETTING.split(text.strip())


def _apply_override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise UserError(f"--set {override}: expected key=value", fix="for example --set render.samples=8", code="E103")
    node: Any = values
    *parents, last = key.split(".")
    for part in parents:
        node = (
            node[int(part)]
            if isinstance(node, list) and part.isdigit() and int(part) < len(node)
            else (node.setdefault(part, {}) if isinstance(node, dict) else None)
        )
        if not isinstance(node, dict | list):
            raise UserError(
                f"--set {override}: '{part}' is a value, not a section",
                code="E103",
                fix="see docs/reference/pipelines-yaml.md for the keys",
            )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    if isinstance(node, list) and last == "+":
        node.append(value)
    elif isinstance(node, list):
        if not (last.isdigit() and int(last) < len(node)):
            raise UserError(
                f"--set {override}: '{last}' is not a position in the list",
                code="E103",
                fix=f"use 0 to {len(node) - 1}, or + for one more",
            )
        node[int(last)] = value
    else:
        node[last] = value


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a profile's values were written: a line of the file, or --set."""

    document: _Document
    name: str
    lines: dict[KeyPath, int]
    settings: tuple[str, ...]

    def of(self, path: KeyPath) -> str:
        """Where the value of a key, or the nearest section around it, was written."""
        for end in range(len(path), 0, -1):
            dotted = ".".join(map(str, path[:end]))
            for setting in reversed(self.settings):
                if setting.partition("=")[0] == dotted:
                    return f"--set {setting}"
            if path[:end] in self.lines:
                return f"{self.document.source}:{self.lines[path[:end]]}"
        return f"{self.document.source}:{self.document.line(self.name)}"


def _explain(error: ValidationError, places: _Places) -> UserError:
    return _wrong_values([_problem(problem, places) for problem in error.errors()])


def _problem(problem: Any, places: _Places) -> str:
    path = _yaml_path(problem["loc"])
    dotted, where = ".".join(map(str, path)), places.of(path)
    if problem["type"] == "extra_forbidden":
        siblings = _keys_beside(path)
        hint = (
            RENAMED.get(dotted)
            or _nearest(str(path[-1]), siblings, "did you mean '{}'?")
            or f"valid here: {', '.join(siblings)}"
        )
        return f"{where}: unknown key '{dotted}'; {hint}"
    allowed = what_is_allowed(problem["type"], problem.get("ctx", {}), problem["msg"])
    got = "" if problem["type"] in ("missing", "union_tag_not_found") else f", got {_short(problem.get('input'))}"
    return f"{where}: '{dotted}' {allowed}{got}"


def _wrong_values(messages: list[str]) -> UserError:
    more = len(messages) - 2
    return UserError(
        messages[0],
        why="" if more < 0 else f"and {messages[1]}" + (f"; and {more} more" if more else ""),
        code="E104",
        fix="correct it where it stands; every key is explained in docs/reference/pipelines-yaml.md",
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _yaml_path(location: tuple[str | int, ...]) -> KeyPath:
    """pydantic's location without the tag it inserts for the kind of a source."""
    if len(location) >= 3 and location[0] == "sources" and location[2] in SOURCE_SECTIONS:
        return (*location[:2], *location[3:])
    return location


def _keys_beside(path: KeyPath) -> list[str]:
    """The keys that are valid where `path` ends."""
    model: type[BaseModel] = Profile
    for part in path[:-1]:
        if isinstance(part, int):
            continue
        if part == "sources":
            return sorted({key for section in SOURCE_SECTIONS.values() for key in section.model_fields})
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return sorted(model.model_fields)


def _nearest(word: str, known: list[str], template: str) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return template.format(close[0]) if close else ""
