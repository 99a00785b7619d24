"""What a run says that finds nothing to do: whether all is well, and if not, which command goes on."""

from __future__ import annotations

from collections.abc import Sequence

from rigmill.invocation import Invocation
from rigmill.outcomes import FailKind
from rigmill.pipeline.view import View
from rigmill.printable import shown_path


def nothing_to_do(
    view: View, stages: Sequence[str], *, only: frozenset[str], invocation: Invocation
) -> list[tuple[str, str]]:
    """Lines for a run of these stages without open jobs, and the command at the end of each, where there is one."""
    known = set[str]()
    for name in stages if only else ():
        known |= only.intersection(view.plan(name).input_ids.to_pylist())
    folder, ids_command = shown_path(view.layout.root), invocation.suggest("status", stages[0])
    lines = [
        (f"--only {unknown}: no input of {_listed(stages)} is called so; ids:", ids_command)
        for unknown in sorted(only - known)
    ]
    if only and not known:
        return lines
    ids = [word for name in sorted(known) for word in ("--only", name)]
    kinds = {kind.value for kind in FailKind}
    for name in stages:
        failed = _failed(view, name, known) if only else view.counts(name).reasons
        reasons = [f"{code} {number}" for code, number in sorted(failed.items()) if code in kinds]
        if reasons:
            total = sum(number for code, number in failed.items() if code in kinds)
            again = invocation.suggest("retry", name, *ids)
            lines.append((f"{name}: {total} failed ({', '.join(reasons)}), in {folder}; again:", again))
    if not lines and any(len(view.plan(name)) for name in stages):
        lines.append((f"nothing to do: every input of these stages has its outcome, in {folder}", ""))
    return lines


def _failed(view: View, stage: str, inputs: set[str]) -> dict[str, int]:
    """How often each code is the outcome of one of these inputs."""
    rows, found = view.outcomes(stage), dict[str, int]()
    for input_id, code in zip(rows.column("input_id").to_pylist(), rows.column("code").to_pylist()):
        if input_id in inputs and code:
            found[code] = found.get(code, 0) + 1
    return found


def _listed(stages: Sequence[str]) -> str:
    return f"stage '{stages[0]}'" if len(stages) == 1 else "these stages"
