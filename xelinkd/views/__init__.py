"""What people and programs get to see of a state: pure functions from values to text."""
