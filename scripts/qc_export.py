"""``ksys qc export``, under the name of the recovery runbook (PRD 27.4)."""

from __future__ import annotations

import sys

from ksys_app.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["qc", "export"]
    main()
