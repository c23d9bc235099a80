"""Where the demonstration is played: the doors it knocks at, what its players share, see and show."""
