"""What a licence allows: ids to rights. How sources spell licences is in curate.licences.spelling.

An id is one of SPDX, a LicenseRef-... of ours, or `unknown`. The table says what a licence's own text says; where a
text is silent (Mixamo on training) the right is unknown, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rigmill.licences.rights import PERMISSIONS, UNKNOWN, Rights, meet

UNKNOWN_LICENCE = "unknown"
_FREE = Rights(
    may_train=True,
    may_modify=True,
    may_share_asset=True,
    may_share_motion=True,
    may_share_renders=True,
    needs_credit=False,
    share_alike=False,
    non_commercial=False,
)
_KINDS = {
    "free": _FREE,
    "credit": Rights(**(_FREE.to_row() | {"needs_credit": True})),
    "share-alike": Rights(**(_FREE.to_row() | {"needs_credit": True, "share_alike": True})),
    "nc": Rights(**(_FREE.to_row() | {"needs_credit": True, "non_commercial": True})),
    "nc-sa": Rights(**(_FREE.to_row() | {"needs_credit": True, "share_alike": True, "non_commercial": True})),
    # No derivatives: copies of the file may be shared, changed works may not, and a render or a pose track is one.
    # Whether a model trained on it is another is open.
    "nd": Rights(
        may_modify=False,
        may_share_asset=True,
        may_share_motion=False,
        may_share_renders=False,
        needs_credit=True,
        share_alike=False,
        non_commercial=False,
    ),
    "nc-nd": Rights(
        may_modify=False,
        may_share_asset=True,
        may_share_motion=False,
        may_share_renders=False,
        needs_credit=True,
        share_alike=False,
        non_commercial=True,
    ),
}
_CC_KINDS = {
    "BY": "credit",
    "BY-SA": "share-alike",
    "BY-ND": "nd",
    "BY-NC": "nc",
    "BY-NC-SA": "nc-sa",
    "BY-NC-ND": "nc-nd",
}
CC_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")
_BY_KIND = {
    "free": """CC0-1.0 CC-PDM-1.0 PDDL-1.0 Unlicense 0BSD MIT-0 WTFPL LicenseRef-Public-Domain""",
    "credit": """MIT Apache-2.0 BSD-2-Clause BSD-3-Clause LicenseRef-BSD ISC Zlib BSL-1.0 NCSA Artistic-2.0 AFL-3.0
        MS-PL ODC-By-1.0 OGA-BY-3.0 OGA-BY-4.0 CC-BY-3.0-US CDLA-Permissive-2.0""",
    "share-alike": """GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later
        LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later
        AGPL-3.0-only AGPL-3.0-or-later MPL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 OFL-1.1 ODbL-1.0 LAL-1.3 MS-RL
        CECILL-2.1 OSL-3.0""",
}
# Terms that are no open licence. None is what they do not say.
_TERMS = {
    # The store's terms let a buyer use a model in a work and forbid handing it on. NoAI is the author's own tag.
    "LicenseRef-Sketchfab-Standard": Rights(
        may_share_asset=False, may_share_motion=False, share_alike=False, non_commercial=False
    ),
    "LicenseRef-Sketchfab-Free-Standard": Rights(
        may_share_asset=False, may_share_motion=False, share_alike=False, non_commercial=False
    ),
    "LicenseRef-Sketchfab-Editorial": Rights(
        may_modify=False, may_share_asset=False, may_share_motion=False, share_alike=False, non_commercial=True
    ),
    # For use in projects, commercial ones too; the files, and what gives them again, are not to be passed on.
    "LicenseRef-Mixamo": Rights(may_modify=True, may_share_asset=False, may_share_motion=False, non_commercial=False),
    "LicenseRef-All-Rights-Reserved": Rights(
        may_train=False, may_modify=False, may_share_asset=False, may_share_motion=False, may_share_renders=False
    ),
    # "No licence" in an index: nobody gave leave to share anything.
    "LicenseRef-None": Rights(may_modify=False, may_share_asset=False, may_share_motion=False, may_share_renders=False),
}
KNOWN: dict[str, Rights] = {
    **{name: _KINDS[kind] for kind, names in _BY_KIND.items() for name in names.split()},
    **{f"CC-{code}-{version}": _KINDS[kind] for code, kind in _CC_KINDS.items() for version in CC_VERSIONS},
    **_TERMS,
}
# Ids that SPDX gave up, or that people write.
_SPELLINGS = {
    **{name.lower(): name for name in KNOWN},
    **{
        f"{kind}gpl-{version}": f"{kind.upper()}GPL-{version}-only"
        for kind, versions in (("", ("2.0", "3.0")), ("l", ("2.1", "3.0")), ("a", ("3.0",)))
        for version in versions
    },
    **{
        f"{kind}gpl-{version}+": f"{kind.upper()}GPL-{version}-or-later"
        for kind, versions in (("", ("2.0", "3.0")), ("l", ("2.1", "3.0")), ("a", ("3.0",)))
        for version in versions
    },
    "cc0": "CC0-1.0",
    "cc-0": "CC0-1.0",
    "bsd-2": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "unknown": UNKNOWN_LICENCE,
    "noassertion": UNKNOWN_LICENCE,
    "none": "LicenseRef-None",
}
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_MAX_TOKENS = 64


def rights_of(licence: str) -> Rights:
    """The rights under an id or an expression of ids (A AND B, A OR B, brackets); all unknown for anything else.

    AND is the meet. OR is one of the two, the one that leaves more: never a mixture that neither of them gives.
    """
    try:
        return _Expression(licence).rights()
    except ValueError:
        return UNKNOWN


def decide(rights: Rights, decided: Mapping[str, bool | None]) -> Rights:
    """The rights with a person's decision where nobody had said anything."""
    row = rights.to_row()
    return Rights(**(row | {key: value for key, value in decided.items() if row[key] is None}))


def spelled(name: str) -> str | None:
    """The id as the table spells it; None for a name that is none. A LicenseRef-... of others is an id too."""
    found = _SPELLINGS.get(name.lower())
    if found is None and re.fullmatch(r"LicenseRef-[A-Za-z0-9.-]{1,60}", name):
        return name
    return found


def canonical_expression(text: str) -> str | None:
    """An id, or an expression of ids, in its one spelling; None when a part of it is no id."""
    try:
        return _Expression(text).spelling()
    except ValueError:
        return None


def atoms(licence: str) -> frozenset[str]:
    """The ids of an expression without their versions: what two statements about one asset are compared by."""
    names = (part for part in _TOKEN.findall(licence) if part not in ("(", ")", "AND", "OR"))
    return frozenset(re.sub(r"-\d+(\.\d+)*(-only|-or-later|-US)?$", "", name) for name in names)


def both(first: str, second: str) -> str:
    """The licence of what is made of two."""
    parts = [part for part in dict.fromkeys((first, second)) if part]
    if len(parts) == 1:
        return parts[0]
    return " AND ".join(f"({part})" if " OR " in part else part for part in parts)


def better(options: Iterable[Rights]) -> Rights:
    """The one of several alternatives that leaves most open; the first of equals."""
    order = (
        "noai",
        "may_train",
        "may_share_renders",
        "may_share_motion",
        "may_modify",
        "non_commercial",
        "may_share_asset",
        "share_alike",
        "needs_credit",
    )

    def leaves(rights: Rights) -> tuple[int, ...]:
        values = ((name, getattr(rights, name)) for name in order)
        return tuple(1 if value is None else 2 * (value is (name in PERMISSIONS)) for name, value in values)

    return max(options, key=leaves)


class _Expression:
    """A licence expression, read by descent. AND binds tighter than OR; WITH an exception changes nothing here."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        if not 0 < len(self._tokens) <= _MAX_TOKENS:
            raise ValueError("no expression")

    def rights(self) -> Rights:
        return self._whole()[1]

    def spelling(self) -> str:
        return self._whole()[0]

    def _whole(self) -> tuple[str, Rights]:
        self._at = 0
        found = self._any()
        if self._at != len(self._tokens):
            raise ValueError("words after the expression")
        return found

    def _any(self) -> tuple[str, Rights]:
        parts = [self._all()]
        while self._take("OR"):
            parts.append(self._all())
        return " OR ".join(text for text, _ in parts), better(rights for _, rights in parts)

    def _all(self) -> tuple[str, Rights]:
        text, rights = self._one()
        while self._take("AND"):
            more, others = self._one()
            text, rights = f"{text} AND {more}", meet(rights, others)
        return text, rights

    def _one(self) -> tuple[str, Rights]:
        if self._take("("):
            text, rights = self._any()
            if not self._take(")"):
                raise ValueError("a bracket stays open")
            return (f"({text})" if " " in text else text), rights
        name = spelled(self._next())
        if name is None:
            raise ValueError("not an id")
        exception = f" WITH {self._next()}" if self._take("WITH") else ""
        return name + exception, KNOWN.get(name, UNKNOWN)

    def _next(self) -> str:
        if self._at == len(self._tokens):
            raise ValueError("the expression ends early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False
