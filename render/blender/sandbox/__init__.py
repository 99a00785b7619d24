"""The fork server and its children: limits, closed files, progress. Everything of strangers is read inside."""
