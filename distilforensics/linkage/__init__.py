"""Accounts that belong together: additive match weights over shared rare values, and clusters that hang on more than one link."""
