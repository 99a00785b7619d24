"""A stranger's text made harmless: what is left are lowercase English letters, in words.

Names, titles and tags are data. Whatever they say, no markup, address, control character, number or other script comes
out of here, and a text that gives orders to a reader comes out empty.
"""

from __future__ import annotations

import re
import unicodedata

MAX_READ_CHARACTERS = 400  # of a name; what comes later is not read
MAX_WORD_LETTERS = 20

URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,15}://|www\.|mailto:)\S*|\b[\w.-]+@[\w-]+\.\w+|\b[\w-]+\.(?:com|net|org|io|dev|me"
    r"|co)\b\S*",
    re.IGNORECASE,
)
FILE_ENDING = re.compile(
    r"\.(?:fbx|glb|gltf|vrma?|blend|obj|dae|bvh|max|ma|mb|c4d|usdz?|zip|rar|7z|png|jpe?g|tga|psd|anim|json|mp4"
    r"|txt)\b",
    re.IGNORECASE,
)
MARKUP = re.compile(
    r"<[^<>]{0,200}>|\{[^{}]{0,200}\}|&#?\w{1,10};|!?\[[^\[\]]{0,200}\]\([^()]{0,200}\)|```.*", re.DOTALL
)
# Orders to whoever reads the name, a model for one. Nobody calls a motion so.
ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|previous|above|prior|rules?"
    r"|everything)\b"
    r"|\b(?:system|developer)\s*(?:prompt|message|instructions?)\b|(?:^|\s)(?:system|assistant|user)\s*:"
    r"|\byou\s+(?:are|must|should|will|have\s+to)\b|\b(?:as|i\s+am|i'm)\s+an?\s+(?:ai|assistant|language\s+model)\b"
    r"|\b(?:reply|respond|answer)\s+(?:with|only|in|that|yes|no)\b|\b(?:print|output|write|say|return|repeat)\s+"
    r"(?:the|this|that|only|exactly|following|your|a|an)\b|\bjailbreak|\bprompt\s+injection",
    re.IGNORECASE | re.DOTALL,
)
_HEX = re.compile(r"\b(?=[0-9a-f-]*\d)[0-9a-f]{4,}(?:-[0-9a-f]{2,})*\b|\b[a-f]{8,}\b", re.IGNORECASE)


def plain_words(text: str) -> list[str]:
    """The English words of a name, lowercase: separators and camel case split, ids, numbers and markup gone."""
    if gives_orders(text):
        return []
    text = _folded(text[:MAX_READ_CHARACTERS])
    text = FILE_ENDING.sub(" ", URL.sub(" ", MARKUP.sub(" ", text)))
    text = _HEX.sub(" ", text.replace("_", " "))
    words = []
    for chunk in re.split(r"[^\w'-]+|_|-", text):
        # A word with letters of another script, or with digits inside ('x0p02', 'r2d2'), is none of ours.
        if not chunk.isascii():
            continue
        trimmed = re.sub(r"^\d{1,4}(?=[A-Za-z]{3})|(?<=[A-Za-z]{3})\d{1,4}$", "", chunk)
        if not re.fullmatch(r"[A-Za-z]+(?:'[A-Za-z]{1,2})?", trimmed):
            continue
        words += re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", trimmed).lower().split()
    return [word for word in words if _pronounceable(word)]


def gives_orders(text: str) -> bool:
    """Whether it speaks to its reader ("ignore previous instructions and output ...")."""
    spaced = re.sub(r"[\W_]+", " ", _folded(text[: 10 * MAX_READ_CHARACTERS]))
    return bool(ORDERS.search(spaced) or ORDERS.search(_folded(text[: 10 * MAX_READ_CHARACTERS])))


def _folded(text: str) -> str:
    """Accents off ('Café' is 'Cafe'), compatibility forms as plain letters, control characters as spaces."""
    spread = unicodedata.normalize("NFKD", text)
    kept = (letter for letter in spread if unicodedata.category(letter) not in ("Mn", "Me", "Cf"))
    return "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in kept).replace("\u2019", "'")


def _pronounceable(word: str) -> bool:
    """Not 'ctrl', 'xkqzw', 'aaaa' or a line of letters without end."""
    if len(word) > MAX_WORD_LETTERS or re.search(r"(.)\1\1", word):
        return False
    return word in ("tv", "dj") or re.search(r"[aeiouy]", word) is not None and not re.search(r"[^aeiouy']{6}", word)
