"""Children: large heads on short limbs."""

from __future__ import annotations

import numpy as np

from curate.world.body import Body
from curate.world.builders import humanoid
from curate.world.builders.person_skin import Girth
from curate.world.plans import plan
from curate.world.plans.adult import dressed_person


@plan("child")
def child(random: np.random.Generator) -> Body:
    """A boy or a girl."""
    girl = bool(random.random() < 0.5)
    round_ = float(random.uniform(0.9, 1.15))
    frame = humanoid.Frame(
        height=float(random.uniform(0.95, 1.3)),
        hips=float(random.uniform(0.44, 0.475)),
        neck=0.735,
        head=float(random.uniform(0.215, 0.25)),
        shoulder=float(random.uniform(0.102, 0.112)),
        hip_width=0.055,
        arm=float(random.uniform(0.27, 0.29)),
        hand=0.05,
        foot=0.088,
        ankle=0.05,
        drop_deg=float(random.choice([0.0, 0.0, 35.0, 48.0])),
        spine=int(random.choice([2, 3])),
        fingers=int(random.choice([0, 0, 0, 4])),
        toes=bool(random.random() < 0.7),
    )
    girth = Girth(
        hips=0.082 * round_,
        waist=0.076 * round_,
        chest=0.084 * round_,
        depth=0.78,
        neck=0.036,
        upper_arm=0.034,
        lower_arm=0.029,
        hand=0.03,
        thigh=0.053,
        knee=0.041,
        calf=0.042,
        ankle=0.03,
        foot=0.036,
    )
    return dressed_person(random, frame, girth, noun="girl" if girl else "boy", plan_name="child", long_hair=girl)
