"""The motion filter against true motion."""
