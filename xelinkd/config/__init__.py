"""The configuration: its schema, and how it is read, checked and shown."""
