"""pipelines.yaml -> one validated profile, with messages that name the file, the line and the nearest valid key."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from rigmill.config.schema import SOURCE_SECTIONS, Profile
from rigmill.errors import UserError
from rigmill.storage.files import canonical_json, digest

MAX_YAML_BYTES = 1_000_000
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A profile ready to run, where it came from, and the digest of all its values."""

    name: str
    profile: Profile
    source: Path

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
    for override in overrides:
        _apply_override(values, override)
    try:
        profile = Profile.model_validate(values)
    except ValidationError as error:
        raise _explain(error, document=document, name=name, lines=lines, overrides=overrides) from None
    return Resolved(name=name, profile=profile, source=source)


class _Document:
    """The YAML file with the line of every key."""

    def __init__(self, source: Path) -> None:
        self.source = source
        try:
            if source.stat().st_size > MAX_YAML_BYTES:
                raise UserError(f"{source} is over 1 MB: not a profile file", fix="pass --config FILE", code="E101")
            self.root = yaml.compose(source.read_text(), Loader=yaml.SafeLoader)
            self.values = yaml.safe_load(source.read_text())
        except OSError as error:
            raise UserError(
                f"cannot read {source}", why=error.strerror or str(error), fix="pass --config FILE", code="E100"
            ) from None
        except yaml.YAMLError as error:
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
        known = sorted(document.values)
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
    if isinstance(node, list):
        if not (last.isdigit() and int(last) < len(node)):
            raise UserError(
                f"--set {override}: '{last}' is not a position in the list",
                code="E103",
                fix=f"use 0 to {len(node) - 1}",
            )
        node[int(last)] = value
    else:
        node[last] = value


def _explain(
    error: ValidationError, *, document: _Document, name: str, lines: dict[KeyPath, int], overrides: tuple[str, ...]
) -> UserError:
    messages = []
    for problem in error.errors()[:5]:
        path = _yaml_path(problem["loc"])
        dotted = ".".join(map(str, path))
        overridden = next((text for text in overrides if text.partition("=")[0] == dotted), None)
        if overridden is not None:
            where = f"--set {overridden}"
        else:
            known = next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)
            where = f"{document.source}:{known or document.line(name)}"
        if problem["type"] == "extra_forbidden":
            siblings = _keys_beside(path)
            hint = _nearest(str(path[-1]), siblings, "did you mean '{}'?") or f"valid here: {', '.join(siblings)}"
            messages.append(f"{where}: unknown key '{dotted}'; {hint}")
        elif problem["type"] == "missing":
            messages.append(f"{where}: key '{dotted}' is missing")
        else:
            messages.append(f"{where}: '{dotted}': {problem['msg'].lower()}, got {_short(problem.get('input'))}")
    return UserError(
        messages[0],
        why="\n       ".join(messages[1:]),
        code="E104",
        fix="correct the line; every key is explained in docs/reference/pipelines-yaml.md",
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
