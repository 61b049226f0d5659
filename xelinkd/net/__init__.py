"""Asking others over HTTP, within bounds: one deadline, one byte budget, and whom TLS trusts."""
