"""Is a patient ever lost when processes die, servers stop and disks fill up? Real processes, killed under load."""
