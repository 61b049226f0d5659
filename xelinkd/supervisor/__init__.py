"""Forks the workers, watches over them, replaces them."""
