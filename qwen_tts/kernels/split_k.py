"""Split-K: one sum is shared among several programs, so that few results still keep a whole card busy."""

import torch


class SplitKWorkspace:
    """Where the programs of a sum leave their parts of it; the last to arrive adds them up, in their order.

    For kernels that run one after the other: each leaves `arrivals` at zero.
    """

    def __init__(self, results: int, elements: int, device: torch.device) -> None:
        """For launches of up to `results` shared results, whose parts have up to `elements` elements altogether."""
        self.partial = torch.empty(elements, device=device)
        self.arrivals = torch.zeros(results, dtype=torch.int32, device=device)

    def check(self, results: int, elements: int) -> None:
        """A launch of so many shared results and elements fits."""
        assert results <= len(self.arrivals), (results, len(self.arrivals))
        assert elements <= len(self.partial), (elements, len(self.partial))
