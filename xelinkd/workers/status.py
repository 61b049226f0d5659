"""The status process: answers probes, and shows people and programs how the daemon is."""
def serve_status(config, lifeline, boards):
    lifeline.wait([], None)
