"""Who runs batches of jobs: Ray's workers, or this process."""
