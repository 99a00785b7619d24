"""Files made to do harm, and runs that watch what they do."""
