"""What only CPython does for templates of utemplate."""
