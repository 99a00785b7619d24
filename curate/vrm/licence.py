"""The licence block of a VRM -> rights. The file's own words are kept beside what is read from them.

What the flags say, and what they do not:
- Nobody wrote about training. A person whom the author does not let use the avatar may not train on it either;
  otherwise it stays unknown, unless the block names a Creative Commons licence.
- To wear an avatar in public is to show pictures of it, so `everyone` may share renders.
- `may_share_asset` stands for the file and for whatever holds its mesh, so both must be allowed; a motion in the file
  is a part of it.
- A flag of 1.0 that is absent has the strict value that the format defines. 0.x defines none: absent is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from curate.licences.rights_of import rights_of
from curate.vrm.block import Vrm
from rigmill.licences.rights import PERMISSIONS, UNKNOWN, Rights
from rigmill.storage.files import canonical_json

_MAX_TEXT, _MAX_RAW = 200, 4000
# 0.x names no version of a Creative Commons licence; the format's own pages link to 4.0.
_CREATIVE_COMMONS = {
    "CC0": "CC0-1.0",
    "CC_BY": "CC-BY-4.0",
    "CC_BY_NC": "CC-BY-NC-4.0",
    "CC_BY_SA": "CC-BY-SA-4.0",
    "CC_BY_NC_SA": "CC-BY-NC-SA-4.0",
    "CC_BY_ND": "CC-BY-ND-4.0",
    "CC_BY_NC_ND": "CC-BY-NC-ND-4.0",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the block says about the asset, with the names of the asset table's columns."""

    title: str
    author: str
    licence: str
    licence_raw: str
    licence_url: str
    rights: Rights

    def to_row(self) -> dict[str, Any]:
        """The terms in a child's answer."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"rights": self.rights.to_row()}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Terms:
        """The terms that `to_row` wrote."""
        return cls(**{**row, "rights": Rights.from_row(row["rights"])})

    @property
    def attribution(self) -> str:
        return f"{self.title or 'untitled'} by {self.author}" if self.author else ""


def terms(vrm: Vrm) -> Terms:
    """The licence of a VRM block, as far as its values are ones that the format knows."""
    meta = vrm.meta
    raw = _raw(meta)
    if vrm.version == "1.0":
        authors = meta.get("authors")
        names = [_text(name) for name in authors[:20]] if isinstance(authors, list) else []
        return Terms(
            title=_text(meta.get("name")),
            author=", ".join(name for name in names if name)[:_MAX_TEXT],
            licence="LicenseRef-VRM-1.0",
            licence_raw=raw,
            licence_url=_url(meta.get("licenseUrl")),
            rights=_rights_1(meta),
        )
    name = _text(meta.get("licenseName"))
    if name in _CREATIVE_COMMONS:
        licence = _CREATIVE_COMMONS[name]
    elif name == "Redistribution_Prohibited":
        licence = "LicenseRef-VRM-0-Redistribution-Prohibited"
    else:
        hub = hub_flags(meta.get("otherPermissionUrl")) or hub_flags(meta.get("otherLicenseUrl"))
        licence = "LicenseRef-VRoid-Hub" if hub else ("LicenseRef-VRM-0-Other" if name else "unknown")
    return Terms(
        title=_text(meta.get("title")),
        author=_text(meta.get("author")),
        licence=licence,
        licence_raw=raw,
        licence_url=_url(meta.get("otherLicenseUrl")) or _url(meta.get("otherPermissionUrl")),
        rights=_rights_0(meta, licence),
    )


def _rights_1(meta: dict[str, Any]) -> Rights:
    everyone = _choice(meta, "avatarPermission", "onlyAuthor", "onlySeparatelyLicensedPerson", "everyone") == "everyone"
    modification = _choice(meta, "modification", "prohibited", "allowModification", "allowModificationRedistribution")
    commercial = _choice(meta, "commercialUsage", "personalNonProfit", "personalProfit", "corporation")
    share = meta.get("allowRedistribution") is True and modification == "allowModificationRedistribution"
    return Rights(
        may_train=None if everyone else False,
        may_modify=modification != "prohibited",
        may_share_asset=share,
        may_share_motion=share,
        may_share_renders=everyone,
        needs_credit=_choice(meta, "creditNotation", "required", "unnecessary") == "required",
        # Another licence beside this one is text for a person to read.
        share_alike=None if meta.get("otherLicenseUrl") or meta.get("thirdPartyLicenses") else False,
        non_commercial=commercial != "corporation",
    )


def _raw(meta: dict[str, Any]) -> str:
    """The block's own words: its texts and switches as JSON, of bounded length."""
    plain: dict[str, Any] = {}
    for key, value in meta.items():
        if isinstance(value, list):
            plain[key] = [item for item in value[:20] if isinstance(item, str)]
        elif isinstance(value, str | bool):
            plain[key] = value
    raw = canonical_json(plain)
    return raw if len(raw) <= _MAX_RAW else raw[: _MAX_RAW - 3] + "..."


def _choice(meta: dict[str, Any], key: str, strict: str, *others: str) -> str:
    """The value if the format knows it, else the strict one that it defines for an absent flag."""
    value = meta.get(key)
    return value if isinstance(value, str) and value in others else strict


def _rights_0(meta: dict[str, Any], licence: str) -> Rights:
    user, commercial = meta.get("allowedUserName"), meta.get("commercialUssageName")  # (sic)
    prohibited = meta.get("licenseName") == "Redistribution_Prohibited"
    everyone = {"Everyone": True, "OnlyAuthor": False, "ExplicitlyLicensedPerson": False}.get(_text(user))
    found = Rights(
        may_train=False if everyone is False else None,
        may_share_asset=False if prohibited else None,
        may_share_motion=False if prohibited else None,
        may_share_renders=everyone,
        share_alike=False if prohibited else None,
        non_commercial={"Disallow": True, "Allow": False}.get(_text(commercial)),
    )
    found = strictest(found, rights_of(licence))
    for key in ("otherPermissionUrl", "otherLicenseUrl"):
        found = strictest(found, hub_rights(hub_flags(meta.get(key))))
    return found


def hub_flags(url: Any) -> dict[str, str]:
    """The conditions in the address of a VRoid Hub licence page; empty for any other value."""
    if not isinstance(url, str) or len(url) > 4000:
        return {}
    try:
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname != "hub.vroid.com":
            return {}
        return dict(parse_qsl(parts.query, max_num_fields=64))
    except ValueError:
        return {}


def hub_rights(flags: Mapping[str, Any]) -> Rights:
    """The rights under VRoid Hub's conditions of use, by the names that its addresses and its API share."""
    said = {key: _text(value) for key, value in flags.items()}
    if not said:
        return UNKNOWN
    allow = {"allow": True, "disallow": False}
    users = {said.get(key, "") for key in ("characterization_allowed_user", "allowed_to_use_user")}
    everyone = False if "author" in users else (True if "everyone" in users else None)
    modify, share = allow.get(said.get("modification", "")), allow.get(said.get("redistribution", ""))
    shared = False if share is False else (modify if share else None)
    business = allow.get(said.get("corporate_commercial_use", ""))
    personal = {"profit": True, "nonprofit": False, "disallow": False}.get(said.get("personal_commercial_use", ""))
    return Rights(
        may_train=False if everyone is False else None,
        may_modify=modify,
        may_share_asset=shared,
        may_share_motion=shared,
        may_share_renders=everyone,
        needs_credit={"necessary": True, "unnecessary": False}.get(said.get("credit", "")),
        share_alike=False,
        non_commercial=None if business is None or personal is None else not (business and personal),
    )


def strictest(first: Rights, second: Rights) -> Rights:
    """Two statements about one asset: the stricter one counts, and silence of one leaves the other."""
    values: dict[str, bool | None] = {}
    for name, one in first.to_row().items():
        pair = (one, second.to_row()[name])
        strict = name not in PERMISSIONS
        values[name] = strict if strict in pair else (None if pair == (None, None) else not strict)
    return Rights(**values)


def _text(value: Any) -> str:
    """A stranger's text on one line, of bounded length; empty for another type and for exporters' placeholder."""
    if not isinstance(value, str):
        return ""
    text = " ".join("".join(c if c.isprintable() else " " for c in value[: 4 * _MAX_TEXT]).split())[:_MAX_TEXT]
    return "" if text == "undefined" else text


def _url(value: Any) -> str:
    text = value if isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= 2000 else ""
    return text if text.startswith(("https://", "http://")) and " " not in text else ""
