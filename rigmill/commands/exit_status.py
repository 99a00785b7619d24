"""What a command's exit status says. One that a signal ended has 128 and the signal's number (signals.py)."""

OK, FAILED, USER_ERROR = 0, 1, 2
NOT_PUSHED = 4  # `publish` was let in nowhere: it said what it would copy, and copied nothing
AT_REST = 3  # `animate` wrote its files, and the mesh does not move in them
