"""Run a function in a process of its own, within a limit of time and memory.

A figure comes from anywhere: a small file can unpack to gigabytes or keep a parser busy for ever. A limit on the
process holds whatever the parser does.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from survrecon.errors import ReconstructionError, SurvReconError

P = ParamSpec("P")
Result = TypeVar("Result")
COMMAND = (sys.executable, "-W", "ignore", "-c", "from survrecon.digitize.bounded import serve; serve()")


def bounded(function: Callable[..., Result], *arguments: object, seconds: float, megabytes: int) -> Result:
    """Call a function of a module in a process of its own.

    Parameters
    ----------
    function : callable
        Defined at the top of a module that can be imported.
    *arguments
        What to call it with; they and its result are pickled.
    seconds : float
        After which it is stopped.
    megabytes : int
        Memory that it may take, where the system can limit it (not on Windows).

    Returns
    -------
    object
        The function's result.

    Raises
    ------
    TimeoutError
        It was stopped for its time.
    MemoryError
        It needed more memory.
    SurvReconError
        As raised by the function; any other error of it is a fault of survrecon, and said to be one.
    """
    request = pickle.dumps((sys.path, megabytes, pickle.dumps((function, arguments))))
    # one thread each: the stacks and buffers of unused ones would count as memory
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    try:
        done = subprocess.run(COMMAND, input=request, capture_output=True, timeout=seconds, env=environment, check=False)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"stopped after {seconds:g} seconds") from None
    if done.returncode:  # a library in C that does not ask whether it got its memory, or the system's own killer
        raise MemoryError(f"the process ended with code {done.returncode}")
    result, error = pickle.loads(done.stdout)
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def serve() -> None:
    """Answer the request on standard input: what the process made by `bounded` does."""
    answer, sys.stdout = sys.stdout.buffer, sys.stderr  # so that nothing that a library prints gets between
    path, megabytes, call = pickle.load(sys.stdin.buffer)
    sys.path[:] = path
    _limit_memory(megabytes)
    reply: tuple[object, Exception | None]
    try:
        function, arguments = pickle.loads(call)
        reply = (function(*arguments), None)
    except (SurvReconError, MemoryError) as error:
        reply = (None, error)
    except RecursionError:
        reply = (None, ReconstructionError("the file is nested too deep; save it again with another program"))
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error}; {os.path.basename(place.filename)}, line {place.lineno}"
        reply = (None, ReconstructionError(f"the file could not be read, by a fault of survrecon ({told}); please report it"))
    answer.write(pickle.dumps(reply))
    answer.flush()


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(ValueError, OSError):  # a stricter limit is in force, or the system has none
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
