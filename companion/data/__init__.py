"""Images: read, checked, changed, and made up; nothing that is read is trusted."""
