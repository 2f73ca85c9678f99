"""Compressed networks as files that other programs run.

exporting   the one function: a network to an ONNX file
onnx_graph  a graph as it grows: nodes, constants and their names
codes       integer networks: what both of their forms share
qlinear     each step as one operator on codes
qdq         each step as a float operator between two grids
floats      float networks, operation by operation
"""

from .exporting import to_onnx

__all__ = ["to_onnx"]
