"""Downloads that resume, are checked, and go nowhere but where they may."""
