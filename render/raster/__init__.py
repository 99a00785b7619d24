"""Our rasteriser: plain arrays in, pictures out. Neither bpy nor the profile is known here."""
