"""Binary glTF as numbers: what its accessors hold, where its nodes are over time, its meshes, its materials."""
