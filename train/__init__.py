"""The joint video-pose diffusion model and its Lightning trainer. Runs without Blender."""
