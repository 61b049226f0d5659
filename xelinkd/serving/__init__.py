"""The status over HTTP: a server that holds out against whoever asks, and knows nothing of what it tells."""

from __future__ import annotations

from xelinkd.deferred import defer

# The supervisor imports this room before it forks; only the status process pays for asyncio.
defer("asyncio")
