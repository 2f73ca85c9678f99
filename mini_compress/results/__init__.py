"""What the studies wrote: one JSON file each; see `mini_compress.studies`."""
