from __future__ import annotations

import itertools
from dataclasses import fields, replace
from pathlib import Path

import pytest

from curate.licences.rights_of import both, rights_of
from rigmill.errors import UserError
from rigmill.licences.deny_list import Denied, read_denied
from rigmill.licences.policy import POLICIES, When, asset_refusal, clip_refusal, pair_refusal
from rigmill.licences.rights import PERMISSIONS, Rights, clip_rights, meet

FREE = rights_of("CC0-1.0")
AVATAR = Rights(  # a VRM that everyone may use and change, and nobody may pass on
    may_modify=True,
    may_share_asset=False,
    may_share_renders=True,
    needs_credit=False,
    share_alike=False,
    non_commercial=True,
)
# Rights, or a licence whose rights they are; what it is asked about; the right that each policy stumbles over.
ASSETS: list[tuple[str | Rights, str | None, str | None, str | None]] = [
    ("CC0-1.0", None, None, None),
    ("CC-BY-4.0", None, None, None),
    ("CC-BY-SA-3.0", None, None, None),
    ("CC-BY-NC-4.0", None, None, "non_commercial"),
    ("CC-BY-NC-SA-4.0", None, None, "non_commercial"),
    ("CC-BY-ND-4.0", None, "may_train", "may_train"),
    ("CC-BY-NC-ND-4.0", None, "may_train", "may_train"),
    ("MIT", None, None, None),
    ("GPL-3.0-only", None, None, None),
    ("Unlicense", None, None, None),
    ("ODC-By-1.0", None, None, None),
    ("OGA-BY-3.0", None, None, None),
    ("MIT OR GPL-3.0-only", None, None, None),
    ("CC-BY-NC-4.0 OR MIT", None, None, None),
    ("CC0-1.0 AND CC-BY-NC-4.0", None, None, "non_commercial"),
    ("unknown", None, "may_train", "may_train"),
    ("LicenseRef-VRM-1.0", None, "may_train", "may_train"),
    ("LicenseRef-Sketchfab-Standard", None, "may_train", "may_train"),
    ("LicenseRef-Sketchfab-Editorial", None, "may_train", "may_train"),
    ("LicenseRef-None", None, "may_train", "may_train"),
    ("LicenseRef-All-Rights-Reserved", "may_train", "may_train", "may_train"),
    ("LicenseRef-Mixamo", None, "LicenseRef-Mixamo", "LicenseRef-Mixamo"),
    (replace(FREE, noai=True), "noai", "noai", "noai"),
    (replace(FREE, noai=False), None, None, None),
    (replace(FREE, may_train=False), "may_train", "may_train", "may_train"),
    (replace(FREE, may_train=None), None, "may_train", "may_train"),
    (replace(FREE, may_share_renders=False), None, "may_share_renders", "may_share_renders"),
    (replace(FREE, may_share_renders=None), None, "may_share_renders", "may_share_renders"),
    (replace(FREE, non_commercial=None), None, None, "non_commercial"),
    (replace(FREE, may_share_asset=False), None, None, None),  # shards hold no meshes
    (replace(FREE, may_share_motion=False), None, None, None),  # it may turn out to be a character
    (replace(FREE, may_modify=False), None, None, None),  # its own motion changes nothing
    (AVATAR, None, "may_train", "may_train"),
    (replace(AVATAR, may_train=True), None, None, "non_commercial"),
]
CLIPS: list[tuple[str, Rights, Rights | None, str | None, str | None, str | None]] = [
    ("free", FREE, None, None, None, None),
    (
        "own motion is not to be shared",
        replace(FREE, may_share_motion=False),
        None,
        None,
        "may_share_motion",
        "may_share_motion",
    ),
    (
        "own motion, nobody said",
        replace(FREE, may_share_motion=None),
        None,
        None,
        "may_share_motion",
        "may_share_motion",
    ),
    ("not to be changed, own motion", replace(FREE, may_modify=False), None, None, None, None),
    ("free on free", FREE, FREE, None, None, None),
    (
        "not to be changed, another's motion",
        replace(FREE, may_modify=False),
        FREE,
        "may_modify",
        "may_modify",
        "may_modify",
    ),
    ("a motion not to be changed", FREE, replace(FREE, may_modify=False), "may_modify", "may_modify", "may_modify"),
    ("nobody said about changes", replace(FREE, may_modify=None), FREE, None, "may_modify", "may_modify"),
    (
        "a motion not to be shared",
        FREE,
        replace(FREE, may_share_motion=False),
        None,
        "may_share_motion",
        "may_share_motion",
    ),
    ("the character's own motion is not in it", replace(FREE, may_share_motion=False), FREE, None, None, None),
    ("NoAI motion", FREE, replace(FREE, noai=True), "noai", "noai", "noai"),
    ("an avatar that may be trained on", replace(AVATAR, may_train=True), FREE, None, None, "non_commercial"),
    ("a motion for no commerce", FREE, rights_of("CC-BY-NC-4.0"), None, None, "non_commercial"),
    (
        "Mixamo's motion, training decided",
        FREE,
        replace(rights_of("LicenseRef-Mixamo"), may_train=True, may_share_renders=True),
        None,
        "may_share_motion",
        "may_share_motion",
    ),
]


def rights(found: str | Rights) -> tuple[Rights, str]:
    return (found, "LicenseRef-Some") if isinstance(found, Rights) else (rights_of(found), found)


@pytest.mark.parametrize(("found", "internal", "publish", "commercial"), ASSETS)
def test_the_verdict_on_an_asset_names_the_right(
    found: str | Rights, internal: str | None, publish: str | None, commercial: str | None
) -> None:
    holds, licence = rights(found)
    for policy, expected in (("internal", internal), ("publish", publish), ("commercial", commercial)):
        message = asset_refusal(holds, policy, licence=licence)
        assert (message is None) == (expected is None), (policy, message)
        assert expected is None or (expected in str(message) and licence in str(message))


@pytest.mark.parametrize(("name", "character", "motion", "internal", "publish", "commercial"), CLIPS)
def test_the_verdict_on_a_clip_is_that_of_both_sides(
    name: str,
    character: Rights,
    motion: Rights | None,
    internal: str | None,
    publish: str | None,
    commercial: str | None,
) -> None:
    whole = character if motion is None else clip_rights(character, motion)
    for policy, expected in (("internal", internal), ("publish", publish), ("commercial", commercial)):
        message = clip_refusal(whole, policy, licence="X", kind="native" if motion is None else "retargeted")
        assert (message is None) == (expected is None) and (expected or "") in str(message), (name, policy, message)
        if motion is not None and asset_refusal(meet(character, motion), policy, licence="X") is None:
            sides = [
                pair_refusal(side, policy, licence="X", moves=moves)
                for side, moves in ((character, False), (motion, True))
            ]
            assert (message is None) == (sides == [None, None]), name


def test_a_stricter_policy_never_allows_what_a_looser_one_refuses() -> None:
    names = [field.name for field in fields(Rights)]
    for values in itertools.product((True, False, None), repeat=len(names)):
        holds = Rights(**dict(zip(names, values)))
        verdicts = [clip_refusal(holds, policy, licence="X", kind="retargeted") is None for policy in POLICIES]
        assert verdicts == sorted(verdicts, reverse=True)


def test_two_sides_that_are_allowed_make_an_allowed_clip_and_one_that_is_not_never_does() -> None:
    sides = [rights_of(name) for name in ("CC0-1.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "unknown", "LicenseRef-Mixamo")]
    sides += [AVATAR, replace(AVATAR, may_train=True), replace(FREE, may_share_motion=False), replace(FREE, noai=True)]
    for policy, character, motion in itertools.product(POLICIES, sides, sides):
        parts = [
            asset_refusal(side, policy, licence="X") or pair_refusal(side, policy, licence="X", moves=moves)
            for side, moves in ((character, False), (motion, True))
        ]
        whole = clip_refusal(clip_rights(character, motion), policy, licence="X", kind="retargeted")
        assert (whole is None) == (parts == [None, None])


def test_nothing_of_mixamo_is_ever_given_away_whatever_a_person_decided_about_single_rights() -> None:
    licence = both("CC0-1.0", "LicenseRef-Mixamo")
    for policy in ("publish", "commercial"):
        assert "LicenseRef-Mixamo" in str(clip_refusal(FREE, policy, licence=licence, kind="retargeted"))
        assert "LicenseRef-Mixamo" in str(clip_refusal(FREE, policy, licence="LicenseRef-Mixamo", kind="native"))
        assert clip_refusal(FREE, policy, licence="LicenseRef-Mixamo-Not", kind="native") is None
    assert clip_refusal(FREE, "internal", licence=licence, kind="retargeted") is None


def test_meet_needs_both_permissions_and_takes_every_duty() -> None:
    for first, second in itertools.product((True, False, None), repeat=2):
        for field in fields(Rights):
            met = getattr(meet(Rights(**{field.name: first}), Rights(**{field.name: second})), field.name)
            strict = field.name not in PERMISSIONS
            assert met == (strict if strict in (first, second) else None if None in (first, second) else not strict)


def test_each_rule_is_about_a_right_and_has_a_reason() -> None:
    names = {field.name for field in fields(Rights)}
    for rules in POLICIES.values():
        assert len({(rule.right, rule.when) for rule in rules}) == len(rules)
        assert all(rule.right in names and rule.why and isinstance(rule.when, When) for rule in rules)


def test_a_deny_list_names_assets_by_uid_digest_or_origin_and_limits_itself_to_a_source(tmp_path: Path) -> None:
    path = tmp_path / "denied.csv"
    digest = "AB" * 32
    path.write_text(f"uid,sha256,origin,source,reason\nx1,,,,asked\n,{digest},,,copy\n,,https://a/b,,\nx2,,,mine,no\n")
    denied = Denied(read_denied(str(path)))
    assert denied.reason(source="any", uid="x1") == "asked"
    assert denied.reason(source="any", uid="y", sha256=digest.lower()) == "copy"
    assert denied.reason(source="any", sha256=digest.lower()[:16]) == "copy"
    assert denied.reason(source="any", origin="https://a/b") == "no reason given"
    assert denied.reason(source="mine", uid="x2") == "no" and denied.reason(source="other", uid="x2") is None
    assert denied.reason(source="any", uid="x11", sha256="", origin="") is None
    assert read_denied("") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "uid,why\nx,y\n",
        "reason\nx\n",
        "uid,reason,extra\nx,y,z\n",
        "uid,sha256,reason\n,,nothing named\n",
        'uid,reason\n"open',
        "uid,reason\nx,y,z\n",
    ],
)
def test_a_deny_list_that_cannot_be_understood_stops_the_run(tmp_path: Path, text: str) -> None:
    path = tmp_path / "denied.csv"
    path.write_text(text)
    with pytest.raises(UserError, match="deny list"):
        Denied(read_denied(str(path)))
    with pytest.raises(UserError, match="deny list"):
        read_denied(str(tmp_path / "absent.csv"))
