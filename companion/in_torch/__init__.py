"""The book's models in PyTorch, channels first, and how they are trained."""
