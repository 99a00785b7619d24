"""Tables of a comparison, beside those that papers report: as HTML, Markdown, LaTeX and JSON."""
