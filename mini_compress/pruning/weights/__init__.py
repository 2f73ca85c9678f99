"""Single weights removed, by masks: after training and during it."""
