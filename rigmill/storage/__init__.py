"""Files, tables and rows on disk."""
