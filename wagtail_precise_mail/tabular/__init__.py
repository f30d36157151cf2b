"""Tables in files, whatever is in them: read as a stream, their writing guessed, written so that they are safe."""
