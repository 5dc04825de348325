"""What a file is: a log of which format, or which of its fields say what, or why it holds no calls."""
