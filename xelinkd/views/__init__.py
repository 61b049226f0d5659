<<<<<<< HEAD
"""What people and programs get to see of a state: pure functions from values to text."""
=======
"""The daemon's state as people and programs see it: pure functions from values to text and bytes."""
>>>>>>> 2e16b24 (Give programs the daemon's whole state as one JSON document, with types to read it back)
