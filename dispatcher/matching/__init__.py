"""Which seat serves this need best? Rules, cost, index: decisions only."""
