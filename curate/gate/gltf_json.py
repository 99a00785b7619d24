"""glTF's JSON as plain values: parsed within limits, and read so that a wrong type is a refusal and never an error."""

from __future__ import annotations

import json
import struct
from typing import Any, NoReturn

from rigmill.outcomes import Refusal, Reject

MAX_JSON_BYTES = 64 * 1024 * 1024
MAX_JSON_VALUES = 1_000_000  # an animated character of 76 actions holds 300,000
MAX_NAME_BYTES = 63  # what Blender keeps; its importer fails where that cuts a character in two


def malformed(message: str) -> NoReturn:
    """Refuse the file as not what its format says."""
    raise Refusal(Reject.MALFORMED, message)


def truncated(what: str, *, has: int, needs: int) -> NoReturn:
    """Refuse the file because `what` ends early; `has` and `needs` are bytes."""
    raise Refusal(
        Reject.TRUNCATED, f"{what} is cut short: {has} of {needs} bytes", measured=float(has), limit=float(needs)
    )


def over_budget(what: str, *, measured: float, limit: float) -> NoReturn:
    """Refuse the file because it has more of `what` than `limit`."""
    raise Refusal(Reject.OVER_BUDGET, f"{what}: more than any asset needs", measured=measured, limit=limit)


def short(value: Any) -> str:
    """A stranger's value as printable text of bounded length."""
    if isinstance(value, str | bytes):
        value = value[:80]
    elif not isinstance(value, int | float | bool | None):
        value = type(value).__name__
    elif isinstance(value, int) and value.bit_length() > 200:
        return "a huge number"
    return ascii(value)[:80]


def split_glb(data: bytes) -> tuple[bytes, memoryview | None]:
    """The JSON chunk and the binary chunk of a GLB whose header and chunks agree with its size."""
    if data[:4] != b"glTF":
        malformed("no glTF magic at the start")
    if len(data) < 20:
        truncated("the GLB header", has=len(data), needs=20)
    version, total = struct.unpack_from("<II", data, 4)
    if version != 2:
        malformed(f"GLB version {version}; only 2 is defined")
    if total > len(data):
        truncated("the GLB file", has=len(data), needs=total)
    if total < len(data):
        malformed(f"{len(data) - total} bytes after the end that the header names")
    text, binary, offset, index = b"", None, 12, 0
    while offset < total:
        if offset + 8 > total:
            malformed("a chunk header is cut off at the end of the file")
        length, kind = struct.unpack_from("<I4s", data, offset)
        start, offset = offset + 8, offset + 8 + length
        if offset > total:
            malformed(f"a chunk of {length} bytes reaches past the end of the file")
        if index == 0:
            if kind != b"JSON":
                malformed("the first chunk is not JSON")
            text = data[start:offset]
        elif index == 1 and kind == b"BIN\0":
            binary = memoryview(data)[start:offset]
        index += 1
        if index > 64:
            malformed("more than 64 chunks")
    return text, binary


def parse(text: bytes) -> dict[str, Any]:
    """The glTF document of a JSON text: an object of version 2.0.

    Of a key that comes twice the last counts. That is safe because nobody reads this text again: Blender's is written
    from what is parsed here.
    """
    if len(text) > MAX_JSON_BYTES:
        raise Refusal(
            Reject.TOO_LARGE,
            "the glTF JSON is larger than allowed",
            measured=float(len(text)),
            limit=float(MAX_JSON_BYTES),
        )
    values = text.count(b",") + text.count(b"[") + text.count(b"{")
    if values > MAX_JSON_VALUES:
        over_budget("values in the glTF JSON", measured=float(values), limit=float(MAX_JSON_VALUES))
    try:
        document = json.loads(str(text, "utf-8"), parse_constant=lambda name: malformed(f"the JSON holds {name}"))
    except (ValueError, RecursionError) as error:
        malformed(f"the glTF JSON cannot be parsed ({type(error).__name__})")
    if not isinstance(document, dict):
        malformed("the glTF JSON is not an object")
    asset = document.get("asset")
    if not isinstance(asset, dict) or asset.get("version") != "2.0":
        malformed("asset.version is not '2.0'")
    return document


def list_under(parent: dict[str, Any], key: str, where: str = "") -> list[Any]:
    """The list under a key; empty where there is none."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        malformed(f"{where}{key} is not a list")
    return value


def objects_under(parent: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The list of objects under a key."""
    found = list_under(parent, key)
    for index, entry in enumerate(found):
        if not isinstance(entry, dict):
            malformed(f"{key}[{index}] is not an object")
    return found


def is_index(value: Any, size: int) -> bool:
    """Whether a stranger's value is an index into a list of `size` entries."""
    return type(value) is int and 0 <= value < size


def integer(value: Any, where: str, *, low: int = 0, high: int = 2**40) -> int:
    """The value, if it is a whole number from `low` to `high`; else the file is refused as malformed."""
    if type(value) is not int:
        malformed(f"{where} is not a whole number but {short(value)}")
    if not low <= value <= high:
        malformed(f"{where} is {short(value)}, not within {low} and {high}")
    return value


def name(value: Any, where: str = "name") -> str:
    """A name as Blender may see it: as long as it keeps them, without control characters or halves of characters."""
    if not isinstance(value, str):
        malformed(f"{where} is not a text but {short(value)}")
    value = value[:MAX_NAME_BYTES]
    if value.isprintable() and value.isascii():
        return value
    sound = "".join("\ufffd" if ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 else c for c in value)
    return sound.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
