"""What the `ksys` command does, a folder for each kind of work; what all of them use lies here."""
