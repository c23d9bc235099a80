"""Who did what, and was it changed since? The history of one request, the chain of seals, its proof."""
