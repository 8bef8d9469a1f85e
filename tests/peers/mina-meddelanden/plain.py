"""Runs tests that are plain functions, without a library for it."""

import time
import traceback
import unittest


def run(module):
    """Every test_ function of a module, one after another; closes with a line of counts. Returns the exit status."""
    passed = failed = skipped = 0
    for name, test in [(name, one) for name, one in module.items() if name.startswith("test_")]:
        started = time.monotonic()
        try:
            test()
            passed += 1
            word = "ok"
        except unittest.SkipTest as reason:
            skipped += 1
            word = "left out: %s" % reason
        except Exception:
            traceback.print_exc()
            failed += 1
            word = "FAILED"
        print("%s ... %s (%.1f s)" % (name[5:].replace("_", " "), word, time.monotonic() - started), flush=True)
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed else 0
