"""From found nerves to named, sub-voxel centerlines."""
