"""The stages of curation: collect, probe, retarget, preview, select."""
