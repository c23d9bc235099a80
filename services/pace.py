"""How many messages may leave now? Tokens of a provider, a fifth of them kept for urgent alerts."""

KEPT = 0.2
"""The share of a provider's rate that only lane 0 may use."""


class Pace:
    """Tokens that come back with time: `rate` a second (None = as many as one likes), never more than a second's."""

    def __init__(self, rate: float | None, now: float) -> None:
        self._rate = rate
        self._at = now
        self._kept = max(1.0, KEPT * rate) if rate else 0.0
        self._open = max(1.0, (1 - KEPT) * rate) if rate else 0.0

    def tokens(self, now: float) -> tuple[int, int]:
        """How many may leave now: for lane 0 only, and for any lane."""
        if self._rate is None:
            return 0, 1_000_000
        passed, self._at = max(0.0, now - self._at), max(self._at, now)
        self._kept = min(max(1.0, KEPT * self._rate), self._kept + passed * KEPT * self._rate)
        self._open = min(max(1.0, (1 - KEPT) * self._rate), self._open + passed * (1 - KEPT) * self._rate)
        return int(self._kept), int(self._open)

    def spend(self, urgent: int, others: int) -> None:
        """So many left: lane 0 uses what is kept for it first."""
        if self._rate is None:
            return
        from_kept = min(urgent, int(self._kept))
        self._kept -= from_kept
        self._open -= urgent - from_kept + others

    def wait(self) -> float:
        """Seconds until there is a token for anybody."""
        if self._rate is None or self._open >= 1:
            return 0.0
        return (1 - self._open) / ((1 - KEPT) * self._rate)
