"""Rights, the policy that judges them, and the deny list."""
