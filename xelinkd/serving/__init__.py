"""The status over HTTP: a server that holds out against whoever asks, and knows nothing of what it tells."""
