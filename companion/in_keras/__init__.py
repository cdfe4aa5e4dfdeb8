"""The book's models in Keras, channels last."""
