"""Single sweeps from Python, for what does not run in the ladder's own loop."""

from __future__ import annotations

from typing import Any

from escalade.solve.kernels import sweep
from escalade.solve.ladder import load
from escalade.solve.lanes import entry, pointers, sources


def _entries(version: int) -> tuple[Any, Any]:
    """The kernels that Python calls, compiled for this version of all kernels."""

    @entry
    def load_lane(arrays: Any, lane: int, draw: int) -> None:
        """Put a draw into a lane."""
        if version < 0:  # never: named here to be part of the key under which this is kept
            return
        t, b = pointers(arrays[0]), pointers(arrays[1])
        s, job = pointers(arrays[3]), pointers(arrays[4])
        load(t, b, s, job, lane, draw)

    @entry
    def sweep_at(arrays: Any, fraction: Any, check: float) -> None:
        """Sweep all lanes once, undamped, each at a fraction of its precision.

        With `check` 1 the log choices stay and the residuals are reported instead.
        """
        if version < 0:
            return
        t, b = pointers(arrays[0]), pointers(arrays[1])
        s, job = pointers(arrays[3]), pointers(arrays[4])
        for lane in range(b.lanes):
            draw = int(s.draw[lane])
            for actor in range(t.n_actors):
                scale = fraction[lane] * job.precision[actor * job.n_draws + draw]
                for j in range(lane, b.width, b.lanes):
                    b.scale[actor * b.width + j] = scale
        for j in range(b.width):
            b.damp[j] = 1.0
            b.check[j] = check
        sweep(t, b, check > 0.0)

    return load_lane, sweep_at


load_lane, sweep_at = _entries(sources())
