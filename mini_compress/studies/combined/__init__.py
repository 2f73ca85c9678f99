"""Studies that combine methods of several families."""
