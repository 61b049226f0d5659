"""Puts the daemon through faults, as a real process, and tells by figures whether it held its labels."""
