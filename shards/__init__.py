"""WebDataset tars and the index that makes them random-access, checkable and resumable."""
