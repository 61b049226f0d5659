"""The topology as other programs want it: a module for each format (docs/extending.md)."""
