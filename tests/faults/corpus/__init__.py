"""The corpus: every fault of the list, by kind."""

from tests.faults.corpus import (
    form,
    form_files,
    frames,
    honest,
    kernels,
    life,
    life_memory,
    notes,
    numbers,
    process,
    reading,
    reading_memory,
    shadows,
    verdict,
    writing,
)
from tests.faults.fault import Fault

MODULES = (
    reading,
    reading_memory,
    process,
    writing,
    notes,
    verdict,
    shadows,
    numbers,
    frames,
    kernels,
    life,
    life_memory,
    form,
    form_files,
    honest,
)
FAULTS: tuple[Fault, ...] = tuple(f for m in MODULES for f in m.FAULTS)
BY_NAME = {f.name: f for f in FAULTS}
