"""What several tests share. A test imports from here and from the code under test, never from another test."""
