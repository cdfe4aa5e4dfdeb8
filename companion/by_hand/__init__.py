"""The book's layers in NumPy, forward and backward, and how a network is trained with them."""
