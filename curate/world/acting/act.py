"""A pose over time that motions write into: turns and shifts of bones, and where that puts them.

Arrays run over T frames. A turn of a bone is relative to its parent, in world axes at rest; what is turned later is
turned inside what was turned before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from curate.world.acting.manner import Manner
from curate.world.acting.truth import Truth
from curate.world.body import Body
from curate.world.rig.turns import about, apply, transposed
from rigmill.types import Floats


@dataclass
class Act:
    """One take in the making."""

    body: Body
    manner: Manner
    random: np.random.Generator
    times: Floats  # (T,) seconds from 0
    turns: dict[str, Floats] = field(default_factory=dict)  # (T, 3, 3)
    shifts: dict[str, Floats] = field(default_factory=dict)  # (T, 3) metres, in the parent's axes at rest

    @property
    def count(self) -> int:
        return len(self.times)

    @property
    def share(self) -> Floats:
        """How much of the take is over, 0..1."""
        return self.times / max(self.times[-1], 1e-9)

    @property
    def seconds(self) -> float:
        return float(self.times[-1])

    def full(self, value: float | Floats) -> Floats:
        """The value, one number or one row for all frames, in every frame; what has T rows stays."""
        array = np.asarray(value, dtype=np.float64)
        if array.ndim and len(array) == self.count:
            return array
        return np.broadcast_to(array, (self.count, *array.shape)).copy()

    def turn(self, bone: str, matrices: Floats) -> None:
        """Turn a bone by matrices (T, 3, 3) or (3, 3), inside its turns so far."""
        before = self.turns.get(bone)
        made = np.broadcast_to(matrices, (self.count, 3, 3))
        self.turns[bone] = made.copy() if before is None else before @ made

    def bend(self, bones: Sequence[str], axis: str | Floats, angles_deg: Floats | float) -> None:
        """Spread a turn about an axis evenly over bones."""
        for bone in bones:
            self.turn(bone, about(axis, self.full(np.asarray(angles_deg, float)) / len(bones)))

    def shift(self, bone: str, metres: Floats) -> None:
        """Move a bone by (T, 3) or (3,) in its parent's axes; of a root, the world's."""
        self.shifts[bone] = self.shifts.get(bone, np.zeros((self.count, 3))) + metres

    def move(self, *, x: Floats | float = 0.0, y: Floats | float = 0.0, z: Floats | float = 0.0) -> None:
        """Move the main root, (T,) or one number each; forward is -y."""
        self.shift(self.body.root, np.stack([self.full(np.asarray(v, float)) for v in (x, y, z)], axis=1))

    def world(self, bone: str) -> tuple[Floats, Floats]:
        """Where a bone is: its turn from rest (T, 3, 3) and its head (T, 3)."""
        skeleton = self.body.skeleton
        line = [skeleton[bone]]
        while line[-1].parent is not None:
            line.append(skeleton[line[-1].parent])
        turn, head = np.broadcast_to(np.eye(3), (self.count, 3, 3)), np.zeros((self.count, 3))
        above = np.zeros(3)
        for each in reversed(line):
            offset = (each.head - above) + self.shifts.get(each.name, np.zeros(3))
            head = head + apply(turn, np.broadcast_to(offset, (self.count, 3)))
            if each.name in self.turns:
                turn = turn @ self.turns[each.name]
            above = each.head
        return turn, head

    def point(self, bone: str, at: Floats) -> Floats:
        """Where a point (3,) that the bone carries is, (T, 3)."""
        turn, head = self.world(bone)
        return head + apply(turn, np.broadcast_to(at - self.body.skeleton[bone].head, head.shape))

    def above(self, bone: str) -> Floats:
        """The world turn (T, 3, 3) of what the bone hangs on."""
        parent = self.body.skeleton[bone].parent
        return np.tile(np.eye(3), (self.count, 1, 1)) if parent is None else self.world(parent)[0]

    def set_world_turn(self, bone: str, matrices: Floats) -> None:
        """Give a bone a world turn (T, 3, 3), whatever it had before."""
        self.turns[bone] = transposed(self.above(bone)) @ np.broadcast_to(matrices, (self.count, 3, 3))

    def carry(self, bone: str) -> None:
        """Let a further root that nothing has moved go with the main one, as that is moved so far."""
        first, own = self.body.skeleton[self.body.root], self.body.skeleton[bone]
        if own.parent is None and own is not first and bone not in self.turns and bone not in self.shifts:
            turn, head = self.world(first.name)
            self.turns[bone] = np.array(turn)
            self.shifts[bone] = head + apply(turn, np.broadcast_to(own.head - first.head, head.shape)) - own.head

    def carry_roots(self) -> None:
        """Let all further roots go along. Called once a motion is done."""
        for bone in self.body.skeleton.roots:
            self.carry(bone)

    def truth(self, verb: str, **known: object) -> Truth:
        """The truth of the take with what the manner says: speed and style, unless told otherwise."""
        values: dict[str, object] = {
            "speed": self.manner.speed_word,
            "style": self.manner.style,
            "side": self.manner.side,
        }
        return Truth(verb=verb, **(values | known))  # type: ignore[arg-type]
