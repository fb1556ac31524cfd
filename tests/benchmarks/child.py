"""Measure one row of one suite in this process, and print its figures as JSON: ``python child.py SUITE ROW [quick]``."""

from __future__ import annotations

import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")

if __name__ == "__main__":
    import project  # noqa: F401 - Django comes first
    from suites import load

    suite, row, *quick = sys.argv[1:]
    print(json.dumps(load(suite).measure(row, bool(quick))))
