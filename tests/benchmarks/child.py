"""Measure one row of one suite in this process, and print its figures: ``python child.py SUITE ROW ROUNDS [quick]``."""

from __future__ import annotations

import json
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")

if __name__ == "__main__":
    import project  # noqa: F401 - Django comes first
    from suites import load

    name, row, rounds, *quick = sys.argv[1:]
    suite = load(name)
    if suite.together is not None:
        print(json.dumps(suite.together(suite.rows(bool(quick)), int(rounds), bool(quick))))
    elif suite.measure is not None:
        print(json.dumps(suite.measure(row, bool(quick))))
