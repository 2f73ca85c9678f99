"""Studies of pruning."""
