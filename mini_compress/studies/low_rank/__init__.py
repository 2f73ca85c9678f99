"""Studies of low rank."""
