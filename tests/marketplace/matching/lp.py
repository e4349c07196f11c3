"""The optimum by another road: linear programs (HiGHS) over the plain market."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tests.marketplace.matching.markets import Plain

EXACT = 1e-7


class Program:
    """Variables are the pairs; every limit, listing and investor is one row."""

    def __init__(self, plain: Plain) -> None:
        self.pairs = list(plain.room)
        self.investors = sorted(investor for investor, weight in plain.weight.items() if weight)
        at = {pair: index for index, pair in enumerate(self.pairs)}
        rows = [([at[pair] for pair in pairs], cap) for pairs, cap in plain.limits]
        rows += [([at[pair] for pair in self.pairs if pair[1] == name], size) for name, size in plain.size.items()]
        self.rows, self.caps = self._matrix([row for row, _ in rows]), np.array([cap for _, cap in rows], dtype=float)
        mine = [[at[pair] for pair in self.pairs if plain.investor[pair[0]] == investor] for investor in self.investors]
        self.share = self._matrix(mine).multiply(1 / np.array([[plain.weight[investor]] for investor in self.investors] or [[1.0]])).tocsr()
        self.bounds = np.array([(0, plain.room[pair]) for pair in self.pairs], dtype=float).reshape(-1, 2)

    def _matrix(self, rows: list[list[int]]) -> csr_array:
        matrix = np.zeros((max(len(rows), 1), len(self.pairs)))
        for index, row in enumerate(rows):
            matrix[index, row] = 1
        return csr_array(matrix)

    def volume(self) -> float:
        """The most units that can be placed."""
        if not self.pairs:
            return 0.0
        return -linprog(-np.ones(len(self.pairs)), self.rows, self.caps, bounds=self.bounds).fun

    def levels(self) -> dict[str, float]:
        """Raise the lowest level as far as it goes, fix whoever can rise no further, and again."""
        count = len(self.investors)
        if not self.pairs:
            return dict.fromkeys(self.investors, 0.0)
        fixed = np.full(count, np.nan)
        while np.isnan(fixed).any():
            level = self._raise(fixed)
            free = np.flatnonzero(np.isnan(fixed))
            highest = np.array([self._highest(index, fixed, level) for index in free])
            stopped = free[highest <= level + EXACT]
            fixed[stopped if len(stopped) else free[np.argmin(highest)]] = level
        return dict(zip(self.investors, fixed.tolist(), strict=True))

    def _raise(self, fixed: np.ndarray) -> float:
        """max t: free investors at t or above, fixed ones at least where they are."""
        t = np.where(np.isnan(fixed), 1.0, 0.0)[:, None]
        floors = csr_array(np.hstack([-self.share.toarray(), t]))
        rows = csr_array(np.vstack([np.hstack([self.rows.toarray(), np.zeros((self.rows.shape[0], 1))]), floors.toarray()]))
        caps = np.concatenate([self.caps, np.where(np.isnan(fixed), 0.0, -fixed + EXACT / 100)])
        cost = np.zeros(len(self.pairs) + 1)
        cost[-1] = -1
        return -linprog(cost, rows, caps, bounds=np.vstack([self.bounds, [0, None]])).fun

    def _highest(self, index: int, fixed: np.ndarray, level: float) -> float:
        floor = np.where(np.isnan(fixed), level, fixed) - EXACT / 100
        rows = csr_array(np.vstack([self.rows.toarray(), -self.share.toarray()]))
        return -linprog(-self.share[[index]].toarray()[0], rows, np.concatenate([self.caps, -floor]), bounds=self.bounds).fun
