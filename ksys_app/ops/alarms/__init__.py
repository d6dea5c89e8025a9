"""``ksys alarms``: judges the samples of files or of a database with the alarm machine."""
