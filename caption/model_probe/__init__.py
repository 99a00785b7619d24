"""Whether a model sees what it is shown: clips of which the truth is known, as they are, reversed and mirrored."""
