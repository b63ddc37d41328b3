"""Probes: the weights, gradients and sensitivities inside one trained or fresh model."""
