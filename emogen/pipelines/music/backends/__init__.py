"""Music as sound, by models of other packages."""
