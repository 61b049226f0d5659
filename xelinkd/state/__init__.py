"""What the daemon tells of itself: values that its processes share, and what follows from them. Pure."""
