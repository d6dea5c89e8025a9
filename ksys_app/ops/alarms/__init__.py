"""``ksys alarms``: the machine of the alarms over files and over stored samples."""
