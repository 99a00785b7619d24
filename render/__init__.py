"""Clips to four-view videos, pose maps and templates. Only `render.blender` knows bpy."""
