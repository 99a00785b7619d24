"""What sources write about licences -> ids: slugs, addresses, names, sentences. What is not certain is `unknown`.

A Creative Commons licence that is named without its version is taken as 4.0: the indexes that write so (Sketchfab's
slugs, Thingiverse's names) link to it, and all versions give the same rights here.
"""

from __future__ import annotations

import re

from curate.licences.rights_of import CC_VERSIONS, UNKNOWN_LICENCE, atoms, canonical_expression

_MAX_TEXT = 2000
_URL = re.compile(r"https?://[^\s()<>\"']+", re.IGNORECASE)
_ADDRESSES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"creativecommons\.org/publicdomain/zero(/|$)", "CC0-1.0"),
        (r"creativecommons\.org/publicdomain/mark(/|$)", "CC-PDM-1.0"),
        (r"creativecommons\.org/licenses/publicdomain", "LicenseRef-Public-Domain"),
        (r"(opensource\.org/licenses|choosealicense\.com/licenses|spdx\.org/licenses)/mit(\.html|/|$)", "MIT"),
        (r"(apache\.org/licenses|opensource\.org/licenses)/(license|apache)-2\.0", "Apache-2.0"),
        (r"gnu\.org/licenses/(old-licenses/)?agpl-3\.0", "AGPL-3.0-only"),
        (r"gnu\.org/licenses/(old-licenses/)?lgpl-3\.0", "LGPL-3.0-only"),
        (r"gnu\.org/licenses/(old-licenses/)?lgpl-2\.1", "LGPL-2.1-only"),
        (r"gnu\.org/licenses/(old-licenses/)?gpl-3\.0", "GPL-3.0-only"),
        (r"gnu\.org/licenses/(old-licenses/)?gpl-2\.0", "GPL-2.0-only"),
        (r"opendatacommons\.org/licenses/by(/|$)", "ODC-By-1.0"),
        (r"unlicense\.org", "Unlicense"),
    )
)
_CC_ADDRESS = re.compile(r"creativecommons\.org/licenses/(by(?:-(?:nc|sa|nd))*)(?:/(\d\.\d))?(?:/|$)")
# Names, with every run of other characters as one space and the words of _NOISE left out.
_NOISE = frozenset("the a licence license licensed licensing under terms of v version".split())
_NAMES = {
    "mit": "MIT",
    "expat": "MIT",
    "mit no attribution": "MIT-0",
    "apache 2.0": "Apache-2.0",
    "apache": "Apache-2.0",
    "bsd 2 clause": "BSD-2-Clause",
    "bsd 2 clause simplified": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "bsd 3 clause new or revised": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "bsd": "LicenseRef-BSD",
    "bsd zero clause": "0BSD",
    "isc": "ISC",
    "zlib": "Zlib",
    "boost software 1.0": "BSL-1.0",
    "artistic 2.0": "Artistic-2.0",
    "university illinois ncsa open source": "NCSA",
    "academic free 3.0": "AFL-3.0",
    "microsoft public": "MS-PL",
    "microsoft reciprocal": "MS-RL",
    "open software 3.0": "OSL-3.0",
    "mozilla public 2.0": "MPL-2.0",
    "eclipse public 1.0": "EPL-1.0",
    "eclipse public 2.0": "EPL-2.0",
    "european union public 1.1": "EUPL-1.1",
    "european union public 1.2": "EUPL-1.2",
    "sil open font 1.1": "OFL-1.1",
    "open data commons attribution": "ODC-By-1.0",
    "odc by": "ODC-By-1.0",
    "odc by 1.0": "ODC-By-1.0",
    "open data commons open database 1.0": "ODbL-1.0",
    "free art 1.3": "LAL-1.3",
    "cecill free software agreement 2.1": "CECILL-2.1",
    "do what f ck you want to public": "WTFPL",
    "wtfpl": "WTFPL",
    "unlicense": "Unlicense",
    "gnu general public 2.0": "GPL-2.0-only",
    "gnu general public 3.0": "GPL-3.0-only",
    "gnu general public 2.0 or later": "GPL-2.0-or-later",
    "gnu general public 3.0 or later": "GPL-3.0-or-later",
    "gnu lesser general public 2.1": "LGPL-2.1-only",
    "gnu lesser general public 3.0": "LGPL-3.0-only",
    "gnu affero general public 3.0": "AGPL-3.0-only",
    # Without a version, the licence itself lets the reader choose any.
    "gnu gpl": "GPL-1.0-or-later",
    "gpl": "GPL-1.0-or-later",
    "gnu lgpl": "LGPL-2.0-or-later",
    "lgpl": "LGPL-2.0-or-later",
    "oga by 3.0": "OGA-BY-3.0",
    "oga by 4.0": "OGA-BY-4.0",
    "opengameart by 3.0": "OGA-BY-3.0",
    "public domain": "LicenseRef-Public-Domain",
    "public domain mark 1.0": "CC-PDM-1.0",
    "public domain mark": "CC-PDM-1.0",
    "st": "LicenseRef-Sketchfab-Standard",
    "sketchfab standard": "LicenseRef-Sketchfab-Standard",
    "standard": "LicenseRef-Sketchfab-Standard",
    "ed": "LicenseRef-Sketchfab-Editorial",
    "editorial": "LicenseRef-Sketchfab-Editorial",
    "sketchfab editorial": "LicenseRef-Sketchfab-Editorial",
    "free st": "LicenseRef-Sketchfab-Free-Standard",
    "free standard": "LicenseRef-Sketchfab-Free-Standard",
    "sketchfab free standard": "LicenseRef-Sketchfab-Free-Standard",
    "mixamo": "LicenseRef-Mixamo",
    "all rights reserved": "LicenseRef-All-Rights-Reserved",
    "no": "LicenseRef-None",
    "no specified": "LicenseRef-None",  # "No License", without the noise word
}
_CC_WORDS: tuple[tuple[str, str], ...] = (
    (r"non[\s-]?commercial", "nc"),
    (r"share[\s-]?alike", "sa"),
    (r"no[\s-]?deriv(ative)?s?(\s+works)?", "nd"),
    (r"attribution", "by"),
    (r"public\s+domain\s+dedication|cc[\s-]?zero|zero|cc[\s-]?0(?!\.)", "cc0"),
)
_CC_LEFT_OUT = frozenset("creative commons cc international unported generic public domain universal".split()) | _NOISE
_CC_ORDER = ("by", "nc", "sa", "nd")
_MENTION = re.compile(
    r"all rights reserved|public domain|\bcc0\b(?:[\s-]*1\.0)?|\bcc[\s-]+zero\b"
    r"|\b(?:cc|creative\s+commons)[\s-]*(?:by|attribution)(?:[\s-]*(?:nc|nd|sa|non[\s-]?commercial|share[\s-]?alike"
    r"|no[\s-]?deriv(?:ative)?s?))*(?:[\s-]*v?\d\.\d)?"
    r"|https?://(?:www\.)?creativecommons\.org/[^\s()<>\"']+",
    re.IGNORECASE,
)


def spdx_of(raw: str | None) -> str:
    """The id of what a source wrote; `unknown` for nothing, for words we do not know, and for a contradiction."""
    text = " ".join((raw or "")[:_MAX_TEXT].split())
    found = {name for address in _URL.findall(text) if (name := _by_address(address)) is not None}
    words = re.sub(r"\(\s*\)", " ", _URL.sub(" ", text)).strip(" ,;:.-")
    if words:
        name = _by_words(words)
        # Words beside an address must not say something else; words that say nothing must not be left out.
        found.add(name if name is not None else UNKNOWN_LICENCE)
    if len({atoms(name) for name in found}) != 1:
        return UNKNOWN_LICENCE
    return max(found)  # of two versions of one licence, the newer


def mentioned(text: str) -> str:
    """The one licence that a sentence mentions ("CC-BY 4.0 Model by ..."); empty for none and for several."""
    found = {spdx_of(match.group().rstrip(".,;")) for match in _MENTION.finditer(text[:_MAX_TEXT])}
    return found.pop() if len({atoms(name) for name in found}) == 1 and UNKNOWN_LICENCE not in found else ""


def _by_address(address: str) -> str | None:
    place = re.sub(r"^https?://(www\.)?", "", address.lower()).rstrip(".,;")
    match = _CC_ADDRESS.search(place)
    if match is not None:
        return _creative_commons(set(match[1].split("-")), match[2] or "4.0")
    return next((name for pattern, name in _ADDRESSES if pattern.search(place)), None)


def _by_words(words: str) -> str | None:
    expression = canonical_expression(words)
    if expression is not None:
        return expression
    key = " ".join(
        word
        for word in re.sub(r"[^a-z0-9.]+", " ", re.sub(r"\bv(?=\d)", "", words.lower())).split()
        if word not in _NOISE
    ).strip(" .")
    return _NAMES.get(key) or _by_cc_words(words.lower())


def _by_cc_words(words: str) -> str | None:
    """A Creative Commons licence of which nothing but its own words is said."""
    for pattern, code in _CC_WORDS:
        words = re.sub(pattern, f" {code} ", words)
    parts = [part for part in re.split(r"[^a-z0-9.]+", re.sub(r"\bv(?=\d)", "", words)) if part]
    codes = {part for part in parts if part in ("by", "nc", "sa", "nd", "cc0")}
    left = [part for part in parts if part not in codes and part not in _CC_LEFT_OUT]
    if codes == {"cc0"} and set(left) <= {"1.0"}:
        return "CC0-1.0"
    if len(left) > 1 or (left and left[0] not in CC_VERSIONS):
        return None
    return _creative_commons(codes, left[0] if left else "4.0")


def _creative_commons(codes: set[str], version: str) -> str | None:
    if "by" not in codes or {"sa", "nd"} <= codes or version not in CC_VERSIONS:
        return None
    return f"CC-{'-'.join(code for code in _CC_ORDER if code in codes).upper()}-{version}"
