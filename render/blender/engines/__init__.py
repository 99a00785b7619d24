"""Pictures of a subject: Blender's own engines, our rasteriser, and the choice between them."""
