"""A file in Blender: loading it, its joints, its motions frame by frame."""
