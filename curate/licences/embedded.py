"""What a glTF file says about itself: `asset.extras` as Sketchfab writes it, and `asset.copyright`. Pure, never raises.

The licence inside a file is compared with what the index or the profile says. Where they disagree nobody knows what
holds, and the asset is refused with both texts, for a person to look at.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from curate.gate.gltf_credits import one_line_of
from curate.licences.rights_of import UNKNOWN_LICENCE, atoms, canonical_expression, rights_of
from curate.licences.spelling import mentioned, spdx_of
from rigmill.kinds import SeenIn
from rigmill.licences.rights import Rights
from rigmill.outcomes import Refusal, Reject
from rigmill.types import Row

_MAX_JSON_BYTES, _MAX_VALUES = 64 * 1024 * 1024, 1_000_000  # larger documents are the gate's to refuse
_NOAI_TAGS = frozenset({"noai", "no-ai", "no ai", "no_ai"})


@dataclass(frozen=True, slots=True)
class Embedded:
    """Texts of a stranger's file: one line, printable, bounded; empty where the file says nothing."""

    licence: str = ""  # as written under that name
    copyright: str = ""  # free words, which may mention a licence
    author: str = ""
    title: str = ""
    origin: str = ""  # an http(s) address


def read_embedded(stream: BinaryIO) -> Embedded:
    """What a GLB or a glTF says; nothing for any other file and for a damaged one (the gate says why)."""
    try:
        head = stream.read(20)
        if head[:4] == b"glTF":
            length, kind = struct.unpack_from("<I4s", head, 12)
            text = stream.read(length) if kind == b"JSON" and length <= _MAX_JSON_BYTES else b""
        elif head.lstrip(b" \t\r\n")[:1] == b"{":
            text = head + stream.read(_MAX_JSON_BYTES)
        else:
            return Embedded()
        if text.count(b",") + text.count(b"[") + text.count(b"{") > _MAX_VALUES:
            return Embedded()
        document = json.loads(str(text, "utf-8"))
    except (ValueError, RecursionError, struct.error, OSError):
        return Embedded()
    asset = document.get("asset") if isinstance(document, dict) else None
    if not isinstance(asset, dict):
        return Embedded()
    extras = asset.get("extras")
    said = extras if isinstance(extras, dict) else {}
    origin = one_line_of(said.get("source"))
    return Embedded(
        licence=one_line_of(said.get("license") or said.get("licence")),
        copyright=one_line_of(asset.get("copyright")),
        author=one_line_of(said.get("author")),
        title=one_line_of(said.get("title")),
        origin=origin if re.fullmatch(r"https?://[\x21-\x7e]+", origin) else "",
    )


def with_embedded(row: Row, found: Embedded) -> Row:
    """A collected row together with what its file says; a Refusal where the two contradict each other.

    A file fills in what nobody said and confirms what somebody did; it never overrules, and an author's own word holds
    without it. A licence that someone wrote in words we do not know counts as none said, unless the file writes them:
    those may hold a condition.
    """
    said = canonical_expression(row["licence"]) or spdx_of(row["licence"])
    if row["licence"] not in ("", UNKNOWN_LICENCE) and said == UNKNOWN_LICENCE:
        row = {**row, "licence_raw": row["licence_raw"] or row["licence"]}
    if said != row["licence"]:
        row = {**row, "licence": said, "rights": _filled(row["rights"], rights_of(said))}
    if said == UNKNOWN_LICENCE and row["licence_raw"] in ("", UNKNOWN_LICENCE):
        row = {**row, "licence_raw": "", "licence_seen_in": ""}  # nobody said anything
    written = found.licence or (found.copyright if mentioned(found.copyright) else "")
    if written and row["licence_seen_in"] != SeenIn.AUTHOR:
        inside = spdx_of(found.licence) if found.licence else mentioned(found.copyright)
        row = {**row, **(_taken if said == UNKNOWN_LICENCE else _confirmed)(row, inside, written)}
    row = {**row, **_credited(row, found)}
    if any(tag.strip().lower() in _NOAI_TAGS for tag in row["tags"]):
        row = {**row, "rights": {**row["rights"], "noai": True}}
    return row


def _taken(row: Row, inside: str, written: str) -> Row:
    """The file alone says something."""
    address = re.search(r"https?://[\x21-\x7e]+?(?=[)>\s]|$)", written)
    raw = row["licence_raw"] if row["licence_raw"] not in ("", UNKNOWN_LICENCE) else ""
    return {
        "licence": inside,
        "licence_raw": f"{row['licence_seen_in'] or SeenIn.INDEX}: {raw}; file: {written}" if raw else written,
        "licence_seen_in": SeenIn.FILE,
        "licence_url": row["licence_url"] or (address.group() if address else ""),
        "rights": _filled(row["rights"], rights_of(inside)),
    }


def _confirmed(row: Row, inside: str, written: str) -> Row:
    """Both say something, and it must be the same, but for a licence's version."""
    if inside == UNKNOWN_LICENCE or not atoms(inside) <= atoms(row["licence"]):
        where = row["licence_seen_in"] or "source"
        raise Refusal(
            Reject.LICENCE_CONFLICT,
            f"the {where} says '{row['licence_raw'] or row['licence']}' ({row['licence']}), the file says "
            f"'{written}' ({inside})",
        )
    seen = [part for part in row["licence_seen_in"].split("+") if part]
    return {"licence_seen_in": "+".join(dict.fromkeys((*seen, SeenIn.FILE)))}


def _credited(row: Row, found: Embedded) -> Row:
    """Author, title and address where the source gave none (a folder knows a file's name, no more)."""
    more: dict[str, Any] = {}
    name = re.sub(r"\s*\(https?://[^)]*\)$", "", found.author)
    if name and not row["author"]:
        more["author"] = name
    if row["origin"].startswith("folder:"):
        if found.title:
            more["title"] = found.title
        if found.origin:
            more["origin"] = found.origin
    if not row["attribution"]:
        if found.author:
            address = f" ({found.origin})" if found.origin else ""
            more["attribution"] = f'"{found.title or row["title"]}"{address} by {found.author}'
        elif found.copyright:
            more["attribution"] = found.copyright
    elif name and not row["author"] and row["attribution"].startswith(f'"{row["title"]}" ({row["origin"]})'):
        title = f'"{row["title"]}"'  # an index's own words (objaverse_index.make_row), without whom it did not know
        more["attribution"] = f"{title} by {name}{row['attribution'].removeprefix(title)}"
    return more


def _filled(row: Row, more: Rights) -> Row:
    """Rights with those of a licence where nobody had said anything."""
    said = Rights.from_row(row).to_row()
    return {key: value if said[key] is None else said[key] for key, value in more.to_row().items()}
