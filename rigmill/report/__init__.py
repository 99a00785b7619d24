"""The report: one folder of static HTML."""
