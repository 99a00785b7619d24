"""What a Blender child is asked to do, a module a job. Their names are in rigmill.blender.requests."""
