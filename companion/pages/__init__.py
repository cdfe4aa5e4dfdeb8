"""What only the book's pages need: figures, checks of exercises, stored tables, display."""
