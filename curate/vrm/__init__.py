"""What VRM avatars bring: their humanoid block, their licence block, their springs."""
