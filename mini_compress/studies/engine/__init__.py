"""What runs a study: grid, runner, journal, rows; and reads its result."""
