"""Studies of time: networks and kernels in milliseconds."""
