"""What one trained model does with one clip, for the notebooks that look inside."""
