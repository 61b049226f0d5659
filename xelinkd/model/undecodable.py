"""What msgspec raises of bytes that do not fit: not its own error alone."""

from typing import Final

import msgspec

UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
