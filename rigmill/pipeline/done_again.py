"""Why a run will do something again that has a result already: config, code or input changed."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pyarrow.compute as pc
from pydantic import ValidationError

from rigmill.config.schema import Profile
from rigmill.pipeline.plan_history import PlanHistory, PlanRecord
from rigmill.pipeline.view import View
from rigmill.storage.files import canonical_json
from rigmill.types import Row

NOT_RECORDED = "not recorded (made by an earlier version)"
MOST_CHANGES, MOST_CHARACTERS = 3, 24


def done_again(view: View, history: PlanHistory, name: str) -> list[tuple[str, int]]:
    """Why, and for how many open jobs of the stage whose input has a result under another key; most jobs first.

    A training is compared with the one before it: it is another input with every other setting.
    """
    rows, open_ids = view.unplanned(name), view.open_ids(name)
    if view.stage(name).makes_models:
        pairs = [(input_id, plan) for input_id in open_ids.to_pylist() for plan in rows["plan"].to_pylist()]
    else:
        rows = rows.filter(pc.is_in(rows["input_id"], value_set=open_ids))
        pairs = list(zip(rows["input_id"].to_pylist(), rows["plan"].to_pylist()))
    records = {plan: history.read(name, plan) for plan in {plan for _, plan in pairs}}
    latest: dict[str, PlanRecord | None] = {}
    for input_id, plan in pairs:
        known, record = latest.get(input_id), records[plan]
        if known is None or (record is not None and record.last_held > known.last_held):
            latest[input_id] = record
    reasons = {id(record): NOT_RECORDED if record is None else _reason(view, record) for record in latest.values()}
    counts = Counter(reasons[id(record)] for record in latest.values())
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _reason(view: View, record: PlanRecord) -> str:
    """What has changed since the plan of the record, in the stage itself or in what is upstream of it."""
    now = view.made_of(record.stage)
    for stage in (record.stage, *view.registry):
        before = record.made_of.get(stage)
        if stage not in now or before is None or canonical_json(before) == canonical_json(now[stage]):
            continue
        own = stage == record.stage
        if before["version"] != now[stage]["version"]:
            change = f"stage version {before['version']} -> {now[stage]['version']}"
            return f"code changed ({change})" if own else f"input changed ({stage}: {change})"
        changes = _changes(view, record, stage)
        return f"config changed ({changes})" if own else f"input changed ({stage}: {changes})"
    return "input changed"


def _changes(view: View, record: PlanRecord, stage: str) -> str:
    """The keys of the profile that the stage reads and that have another value now, with both values."""
    before, now = _flat(record.profile), _flat(view.profile.model_dump(mode="json"))
    changed = [key for key in now if key in before and before[key] != now[key] and _reads(view, stage, key, before)]
    if not changed:  # it is in a file that the profile names, or the profile has other keys now
        old, new = record.made_of[stage]["settings"], json.loads(canonical_json(view.made_of(stage)[stage]["settings"]))
        return ", ".join(sorted(key for key in {*old, *new} if old.get(key) != new.get(key)))
    said = [f"{'.'.join(key)}: {_short(before[key])} -> {_short(now[key])}" for key in changed[:MOST_CHANGES]]
    return ", ".join([*said, *([f"and {len(changed) - MOST_CHANGES} more"] if len(changed) > MOST_CHANGES else [])])


def _flat(profile: Row, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Values by their key path; a list is one value."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in profile.items():
        found |= _flat(value, (*path, key)) if isinstance(value, dict) and value else {(*path, key): value}
    return found


def _reads(view: View, stage: str, key: tuple[str, ...], before: dict[tuple[str, ...], Any]) -> bool:
    """Whether the stage's settings would be others with the earlier value of this key."""
    profile = view.profile.model_dump(mode="json")
    inner = profile
    for part in key[:-1]:
        inner = inner[part]
    inner[key[-1]] = before[key]
    try:
        then = view.stage(stage).settings(Profile.model_validate(profile))
    except ValidationError:  # no longer a value, or not one beside the others
        return False
    return canonical_json(then) != canonical_json(view.made_of(stage)[stage]["settings"])


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + "..."
