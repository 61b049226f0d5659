"""What stands in for what a machine of ours lacks, for the tests, the demo and the faults alike."""
