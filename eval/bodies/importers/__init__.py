"""What other systems write, made into METHOD/CLIP.glb: the clip's frames and rate, in the frame of the clip's asset."""
