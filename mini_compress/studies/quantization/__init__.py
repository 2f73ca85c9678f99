"""Studies of quantization."""
