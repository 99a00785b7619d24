"""What a command's exit status says."""

OK, FAILED, USER_ERROR, INTERRUPTED = 0, 1, 2, 130
