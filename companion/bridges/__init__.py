"""The same model in another framework: weights, axes and gate orders are translated here only."""
