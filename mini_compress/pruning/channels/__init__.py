"""Whole channels removed: neurons and filters; the network gets narrower."""
