"""What a limited child is asked to do with a stranger's bytes, without Blender (rigmill.blender.client: reader)."""
