"""The report's section on licences: assets and clips under each, and what each policy says of them."""

from __future__ import annotations

from dataclasses import dataclass

from rigmill.licences.policy import Policy
from rigmill.licences.rights import PERMISSIONS, Rights
from rigmill.pipeline.view import View
from rigmill.report.funnel import LicenceCount, licence_counts

MAX_LICENCES = 40


@dataclass(frozen=True, slots=True)
class LicenceLine:
    """One licence with what is known of its rights in words; `missing` has one right per policy, empty for none."""

    licence: str
    kind: str
    number: int
    rights: str
    missing: list[str]


@dataclass(frozen=True, slots=True)
class LicenceTable:
    """The most frequent licences, and how many rarer ones are left out."""

    lines: list[LicenceLine]
    num_left_out: int


@dataclass(frozen=True, slots=True)
class LicencesSection:
    """Licences of assets and clips beside all policies, and the policy that the dataset is made under."""

    policy: str
    policies: list[str]
    assets: LicenceTable
    clips: LicenceTable


def section(view: View) -> LicencesSection:
    """The numbers of the section."""
    return LicencesSection(
        view.profile.licence_policy,
        [policy.value for policy in Policy],
        _table(licence_counts(view.products("collect"), clips=False)),
        _table(licence_counts(view.products("select"), clips=True)),
    )


def _table(counts: list[LicenceCount]) -> LicenceTable:
    lines = [
        LicenceLine(
            one.licence, one.kind, one.number, rights_text(one.rights), [one.missing[policy] for policy in Policy]
        )
        for one in counts[:MAX_LICENCES]
    ]
    return LicenceTable(lines, len(counts) - len(lines))


def rights_text(rights: Rights) -> str:
    """What is known, in a few words: permissions denied or unknown, and duties."""
    known = rights.to_row()
    denied = [name for name in PERMISSIONS if known[name] is False]
    unknown = [name for name in PERMISSIONS if known[name] is None]
    duties = [name for name, value in sorted(known.items()) if name not in PERMISSIONS and value]
    parts = [
        f"{words}: {', '.join(names)}"
        for words, names in (("no", denied), ("unknown", unknown), ("with", duties))
        if names
    ]
    return "; ".join(parts) or "all permissions, no duties"
