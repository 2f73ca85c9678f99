"""How a network's layers are connected, and what passes between them.

tracing   the graph of a network, with the shape of each tensor
channels  which channels stand and fall together
folding   batch normalization merged into the layer before it
inputs    what each layer is given, on example images
"""
