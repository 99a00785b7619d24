"""The hallway: what two or more rooms need. No bpy, no torch, no diffusers here."""

__version__ = "0.1.0"
