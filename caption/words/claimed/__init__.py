"""What captions claim of place, posture, limbs and things, each held against the facts."""
