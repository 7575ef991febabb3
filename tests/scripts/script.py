"""Scripts of scripts/ run inside the tests' own process: to start Python and to import takes longer than most of
them do. That they start by themselves, tests of their own say."""
import contextlib
import io
import runpy
import subprocess
import sys
import warnings

from program import SOURCE

SCRIPTS = SOURCE / "scripts"


def shown(message, category, filename, lineno, file=None, line=None):
    """A warning as a process would say it; pytest keeps them for itself."""
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


def run_script(name, *arguments, cwd="."):
    """What subprocess.run would give; what the script raises, other than its exit, fails the test."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    before = sys.argv, sys.path[:], warnings.showwarning
    sys.argv, sys.path[:0] = [str(one) for one in (SCRIPTS / name, *arguments)], [str(SCRIPTS)]
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
        warnings.resetwarnings()
        for quiet in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", quiet)
        warnings.showwarning = shown
        try:
            runpy.run_path(str(SCRIPTS / name), run_name="__main__")
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.argv, sys.path[:], warnings.showwarning = before
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
