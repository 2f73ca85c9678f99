"""What checks are made of: the attempt, and what several checks share."""
