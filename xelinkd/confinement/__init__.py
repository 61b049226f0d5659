"""What each worker may do: promised beforehand, and held by the kernel."""
