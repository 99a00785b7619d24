"""pipelines.yaml as typed, checked values."""
