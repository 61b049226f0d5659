"""Measures what the daemon costs, side by side with references in the same run. It judges; it never fails."""
