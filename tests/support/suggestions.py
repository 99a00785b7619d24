"""Every command that the code can suggest to a person, found in the source, and whether it would run."""

from __future__ import annotations

import ast
import itertools
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.paths import ROOT

ROOMS = ("rigmill", "curate", "render", "caption", "shards", "train", "eval")
# A command of ours inside a text; not the name of the program before another word.
A_COMMAND = re.compile(
    r"\brigmill (run|retry|status|plan|show|verify|export|animate|render|doctor|report|clean)\b|make doctor"
)


@dataclass(frozen=True, slots=True)
class Site:
    """A place that suggests a command: its words, None for a word that is known only when it is printed."""

    where: str
    words: tuple[str | None, ...]


@cache
def sites() -> list[Site]:
    """Every place, each way of its words once."""
    found = []
    for path, tree in _trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            where = f"{path.relative_to(ROOT)}:{node.lineno}"
            if isinstance(node.func, ast.Attribute) and node.func.attr == "suggest":
                found += [Site(where, words) for words in _ways(node.args, tree)]
            for keyword in node.keywords:
                if keyword.arg == "command" and isinstance(keyword.value, ast.Tuple):
                    found += [Site(where, words) for words in _ways(keyword.value.elts, tree)]
    return [site for site in found if site.words]


def commands_in_other_texts() -> list[str]:
    """Texts that name a command in full, so that it cannot carry a person's options. Docstrings are for programmers."""
    found = []
    for path, tree in _trees():
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                if A_COMMAND.search(node.value):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}")
    for path in sorted(ROOT.glob("rigmill/report/templates/*.j2")):
        found += [f"{path.name}: {line}" for line in path.read_text().splitlines() if A_COMMAND.search(line)]
    return found


def commands_without_a_mark() -> list[str]:
    """Errors with words of a command whose fix cannot show it, and fixes that wait for a command and have none."""
    found = []
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "UserError":
                keywords = {keyword.arg: keyword.value for keyword in node.keywords}
                if isinstance(keywords.get("command"), ast.Attribute):
                    continue  # another error's, said again
                text = "".join(str(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant))
                shows = "{command}" in text
                if shows != ("command" in keywords):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


@cache
def _trees() -> list[tuple[Path, ast.Module]]:
    """Every module of the product, parsed."""
    return [(path, ast.parse(path.read_text())) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def _ways(arguments: list[ast.expr], tree: ast.Module) -> list[tuple[str | None, ...]]:
    """What the words may be: a starred list that is empty in one case and not in the other gives two."""
    parts: list[list[tuple[str | None, ...]]] = []
    for argument in arguments:
        if isinstance(argument, ast.Starred):
            parts.append(_lists(argument.value, tree))
        else:
            parts.append([(argument.value if isinstance(argument, ast.Constant) else None,)])
    return [tuple(itertools.chain.from_iterable(way)) for way in itertools.product(*parts)]


def _lists(node: ast.expr, tree: ast.Module) -> list[tuple[str | None, ...]]:
    if isinstance(node, ast.IfExp):
        return [*_lists(node.body, tree), *_lists(node.orelse, tree)]
    if isinstance(node, ast.List | ast.Tuple):
        return _ways(list(node.elts), tree)
    if isinstance(node, ast.Name):
        values = [
            one.value
            for one in ast.walk(tree)
            if isinstance(one, ast.Assign) and any(getattr(to, "id", None) == node.id for to in one.targets)
        ]
        return [way for value in values for way in _lists(value, tree)]
    return []  # words that come from elsewhere: a UserError's own
