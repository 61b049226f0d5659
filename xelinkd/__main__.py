"""`python -m xelinkd` is `xelinkd`."""

import sys

from xelinkd.cli import main

sys.exit(main())
