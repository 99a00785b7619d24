"""How the rest of the house talks to Blender, without importing it."""
