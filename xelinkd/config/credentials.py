"""Files of secrets, which systemd may have put into a directory of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

CREDENTIALS_DIRECTORY: Final = "CREDENTIALS_DIRECTORY"  # of systemd.exec(5), which sets it


def credential_path(file: str) -> Path | None:
    """Give the file that is configured, with systemd's directory of credentials filled in; None: none is."""
    if not file:
        return None
    variable = f"${CREDENTIALS_DIRECTORY}"
    return Path("/", file.replace(variable, os.environ.get(CREDENTIALS_DIRECTORY, variable), 1))
