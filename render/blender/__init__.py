"""Code that runs inside Blender children: the only place that imports bpy."""
