"""`rigmill animate`: a rigged mesh and a sentence in, the mesh with a motion out."""
