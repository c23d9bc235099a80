"""Which changes made the tables what they are? One file each, in order; docs/migrations.md says how to add one."""
