"""Drivers, transports and lab files, against scripted and independent peers."""
