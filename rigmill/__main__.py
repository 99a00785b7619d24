"""`python -m rigmill`: the command line."""

import sys

from rigmill.commands.cli import main

sys.exit(main())
