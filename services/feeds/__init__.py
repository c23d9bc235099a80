"""How are agendas read that are kept elsewhere? The way out, guarded, and the sweep that asks."""
