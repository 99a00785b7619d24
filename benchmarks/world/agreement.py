"""Motion facts, computed from the joints alone, against what a take is known to do."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.looks.naming import written
from curate.world.take import Take
from rigmill.facts.facts import Gait, MotionFacts, Posture, SubjectKind
from rigmill.facts.measure import measure
from rigmill.rigs import quaternions
from rigmill.types import Motion, Rig

WALKS, RUNS = frozenset({"walk"}), frozenset({"run"})
ENDS = {"crouch": Posture.CROUCHES, "sit down": Posture.SITS, "lie down": Posture.LIES}
JUMPS = frozenset({"jump", "hop", "jumping jacks"})
STILL = frozenset({"idle", "nod", "shake head", "look around", "wave", "point", "bow", "punch", "clap", "cheer"})
_EIGHT = {"forward": 0.0, "left": 90.0, "backward": 180.0, "right": -90.0}


def facts_of(body: Body, take: Take) -> MotionFacts:
    """What motion facts say of a take, from names as the file has them."""
    skeleton = body.skeleton
    count = len(skeleton.bones)
    turns = np.tile(np.eye(3), (take.num_frames, count, 1, 1))
    shifts = np.zeros((take.num_frames, count, 3))
    for number, bone in enumerate(skeleton.bones):
        if bone.name in take.turns:
            turns[:, number] = take.turns[bone.name]
        shifts[:, number] = take.shifts.get(bone.name, np.zeros(3))
    names = written(skeleton.names, body.style, is_person=body.is_person)
    heads = np.array([bone.head for bone in skeleton.bones])
    rig = Rig(names, np.array(skeleton.parents, dtype=np.int32), heads)
    return measure(rig, Motion(quaternions.from_matrix(turns), shifts, take.fps))


def disagreements(body: Body, take: Take, facts: MotionFacts) -> list[str]:
    """What facts say otherwise; empty where they agree in all that both speak of."""
    truth, found = take.truth, []
    if truth.direction in _EIGHT:
        if facts.travel_heights < 0.25 <= truth.travel:
            found.append(f"travels {truth.travel:.2f}, facts {facts.travel_heights:.2f}")
        elif facts.front_known and facts.travel_bearing_deg is not None and truth.travel >= 0.25:
            off = (facts.travel_bearing_deg - _EIGHT[truth.direction] - truth.turn_deg / 2 + 180) % 360 - 180
            if abs(off) > 30:
                found.append(f"goes {truth.direction}, facts {facts.travel_bearing_deg:.0f} deg")
    elif facts.travel_heights > 0.35 and truth.verb not in ("fall", "lie down", "sit down", "spin", "turn"):
        found.append(f"stays, facts travel {facts.travel_heights:.2f}")
    if abs(truth.turn_deg) >= 60 and facts.turn_deg is not None and abs(facts.turn_deg - truth.turn_deg) > 35:
        found.append(f"turns {truth.turn_deg:.0f}, facts {facts.turn_deg:.0f}")
    if truth.verb in STILL and facts.turn_deg is not None and abs(facts.turn_deg) > 40:
        found.append(f"faces ahead, facts turn {facts.turn_deg:.0f}")
    legged = facts.subject_kind in (SubjectKind.HUMANOID, SubjectKind.QUADRUPED)
    if legged:
        found += _of_legs(take, facts)
    found += _of_parts(take, facts)
    if truth.period_s is not None and facts.period_s is not None:
        ratio = facts.period_s / truth.period_s
        if min(abs(ratio - whole) for whole in (0.5, 1.0, 2.0)) > 0.2:
            found.append(f"period {truth.period_s:.2f}, facts {facts.period_s:.2f}")
    return found


def _of_legs(take: Take, facts: MotionFacts) -> list[str]:
    truth, found = take.truth, []
    if truth.verb in WALKS | RUNS and facts.gait is Gait.NONE:
        found.append(f"{truth.verb}s, facts see no gait")
    if truth.verb in WALKS and facts.gait is Gait.RUN:
        found.append("walks, facts say run")
    if truth.verb in RUNS and facts.gait is Gait.WALK:
        found.append("runs, facts say walk")
    if truth.verb == "crouch" and facts.subject_kind is SubjectKind.QUADRUPED:  # these stand or lie, by their facts
        if facts.sink_heights < 0.1:
            found.append(f"crouches, facts sink {facts.sink_heights:.2f}")
    elif truth.verb in ENDS and facts.posture_end is not ENDS[truth.verb] and facts.posture_end is not Posture.UNKNOWN:
        found.append(f"{truth.verb}, facts end {facts.posture_end}")
    if truth.verb in JUMPS and facts.num_jumps == 0:
        found.append(f"{truth.verb}, facts see no jump")
    if truth.verb in STILL and facts.gait is not Gait.NONE:
        found.append(f"{truth.verb}, facts see a {facts.gait}")
    return found


def _of_parts(take: Take, facts: MotionFacts) -> list[str]:
    """The limb that acts must be among the strongest that facts see, on its side."""
    truth = take.truth
    if not truth.part or truth.verb in ("flap", "glide", "hover"):
        return []
    names = [part.part for part in facts.parts]
    if any(truth.part.split()[-1] in name or name in ("part", "") for name in names):
        sided = [part for part in facts.parts if truth.part.split()[-1] in part.part and part.side]
        if truth.side and sided and truth.num_parts <= 1 and sided[0].side != truth.side:
            return [f"{truth.side} {truth.part}, facts {sided[0].part}"]
        return []
    return [f"{truth.part} acts, facts see {', '.join(names[:3]) or 'nothing'}"]
